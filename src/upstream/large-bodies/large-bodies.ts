import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Worker } from 'node:worker_threads';
import type { CancellationSignal } from '../../concurrency/cancellation.js';
import { Slots } from '../../concurrency/slots.js';
import type { UpstreamCall } from '../upstream-request.js';
import { UpstreamError } from '../upstream.error.js';
import { LARGE_BYTES } from './scan-body.js';
import type { ScannedBody } from './scan-body.js';
import type { ScanReply } from './scan-worker.js';
import { SCAN_WORKER_URL } from './scan-worker-url.js';

/** What scanning needs of a heap is some slices, however large the body is. */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 32 } as const;

/** How many providers' large bodies come in at the same time: more than one, as a provider may be slow. */
const MAX_INCOMING = 4;

/**
 * Bodies that are too large to be parsed at once. A thread of their own, started for the first one, scans them. Few of
 * the largest come in at the same time and they are read one by one, so that their number does not matter to the memory
 * either.
 */
@Injectable()
export class LargeBodies implements OnApplicationShutdown {
  protected readonly workerUrl: URL = SCAN_WORKER_URL;
  private readonly incoming = new Slots(MAX_INCOMING);
  private readonly turns = new Slots(1);
  private readonly mainThread = new Slots(1);
  private worker: Worker | undefined;

  /**
   * Has a large body wait before its further bytes are taken. The call's `endTurn` must be called in the end.
   * @returns undefined when it need not wait
   * @throws the signal's reason when it is aborted before
   */
  comesIn(call: UpstreamCall): Promise<void> | undefined {
    const entered = this.enter(call);
    return call.endTurn === undefined ? entered : undefined;
  }

  /**
   * Reads a large body when it is its turn.
   * @throws the signal's reason when it is aborted before, or what `read` throws
   */
  async inTurn<T>(signal: CancellationSignal, read: () => Promise<T>): Promise<T> {
    const turn = this.turns.take(signal);
    if (turn !== undefined) await turn;
    try {
      return await read();
    } finally {
      this.turns.free();
    }
  }

  /**
   * Reads a body that is not scanned. Other work goes on before the next one is read: many may come in at once.
   * @throws the signal's reason when it is aborted before, or what `read` throws
   */
  async oneByOne<T>(signal: CancellationSignal, read: () => T): Promise<T> {
    const turn = this.mainThread.take(signal);
    if (turn !== undefined) await turn;
    setImmediate(() => {
      this.mainThread.free();
    });
    return read();
  }

  /**
   * Finds the rows of a body; to be called in turn.
   * @returns the scanned body, and its bytes: the thread has had those of a large `body`, which is empty now
   * @throws UpstreamError `invalid` when it is not JSON
   */
  async scan(body: Buffer): Promise<{ scanned: ScannedBody; bytes: Buffer }> {
    const { scanned, bytes } = await this.scanInWorker(body);
    if (scanned === undefined) {
      throw new UpstreamError(
        'invalid',
        'The provider answered 200 with a body that cannot be read as a list.',
      );
    }
    return { scanned, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.worker?.terminate();
  }

  private async enter(call: UpstreamCall): Promise<void> {
    const { largeBody } = call.route;
    const ownTurn = largeBody.take(call.signal);
    if (ownTurn !== undefined) await ownTurn;
    try {
      const turn = this.incoming.take(call.signal);
      if (turn !== undefined) await turn;
    } catch (error) {
      largeBody.free();
      throw error;
    }
    call.endTurn = () => {
      call.endTurn = undefined;
      this.incoming.free();
      largeBody.free();
    };
  }

  private scanInWorker(body: Buffer): Promise<ScanReply> {
    const worker = (this.worker ??= this.start());
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off('message', onMessage);
        worker.off('exit', onExit);
      };
      const onMessage = (reply: ScanReply): void => {
        settle();
        resolve(reply);
      };
      const onExit = (): void => {
        settle();
        reject(
          new UpstreamError('invalid', 'The response of the provider needs too much memory to be read.'),
        );
      };
      worker.on('message', onMessage);
      worker.on('exit', onExit);
      // A large body has its memory to itself, others may not. A copy of a large one would hold up all callers: memory
      // that is used for the first time is slow.
      const { buffer, byteOffset, byteLength } = body;
      const bytes =
        byteLength > LARGE_BYTES ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(body);
      worker.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
    });
  }

  private start(): Worker {
    const worker = new Worker(this.workerUrl, {
      name: 'scan-worker',
      resourceLimits: WORKER_LIMITS,
      // It needs none of the environment, where keys are.
      env: {},
      execArgv: [],
    });
    // Its end follows. Without a listener the error would end the process.
    worker.on('error', () => undefined);
    worker.once('exit', () => {
      this.worker = undefined;
    });
    worker.unref();
    return worker;
  }
}
