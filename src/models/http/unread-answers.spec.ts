import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { UnreadAnswers } from './unread-answers.js';

const SIZE = 100_000;

class Answer extends EventEmitter {
  destroyed = false;
  isReset = false;
  socket: { resetAndDestroy: () => void } | null = {
    resetAndDestroy: () => {
      this.isReset = true;
    },
  };

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function add(unread: UnreadAnswers, body = Buffer.alloc(SIZE)): Answer {
  const answer = new Answer();
  unread.add(answer as unknown as ServerResponse, body);
  return answer;
}

function cutOff(answers: readonly Answer[]): boolean[] {
  return answers.map(({ destroyed }) => destroyed);
}

describe('UnreadAnswers', () => {
  it('cuts off the oldest ones beyond the bound', () => {
    const unread = new UnreadAnswers(2 * SIZE);
    const answers = [add(unread), add(unread), add(unread), add(unread)];
    expect(cutOff(answers)).toEqual([true, true, false, false]);
    expect(answers.map(({ isReset }) => isReset)).toEqual([true, true, false, false]);
  });

  it('has a bound of 64 MiB', () => {
    const unread = new UnreadAnswers();
    const bodies = [32, 32, 1].map((mebibytes) => Buffer.alloc(mebibytes * 1_048_576));
    const answers = bodies.slice(0, 2).map((body) => add(unread, body));
    expect(cutOff(answers)).toEqual([false, false]);
    add(unread, bodies[2]);
    expect(cutOff(answers)).toEqual([true, false]);
  });

  it('does not count answers that have been read', () => {
    const unread = new UnreadAnswers(2 * SIZE);
    const first = add(unread);
    first.emit('close');
    const others = [add(unread), add(unread)];
    expect(cutOff([first, ...others])).toEqual([false, false, false]);
  });

  it('counts a body that several clients get once, until the last one has it', () => {
    const unread = new UnreadAnswers(2 * SIZE);
    const body = Buffer.alloc(SIZE);
    const same = [add(unread, body), add(unread, body), add(unread, body)];
    const other = add(unread);
    expect(cutOff([...same, other])).toEqual([false, false, false, false]);
    same[0]?.emit('close');
    const third = add(unread);
    expect(cutOff([...same, other, third])).toEqual([false, true, true, false, false]);
  });

  it('sends even what is larger than the bound', () => {
    const unread = new UnreadAnswers(SIZE);
    expect(cutOff([add(unread, Buffer.alloc(3 * SIZE))])).toEqual([false]);
  });

  it('does not count answers whose client has gone before', () => {
    const unread = new UnreadAnswers(2 * SIZE);
    const gone = new Answer();
    gone.destroy();
    unread.add(gone as unknown as ServerResponse, Buffer.alloc(SIZE));
    expect(cutOff([add(unread), add(unread)])).toEqual([false, false]);
    let cuts = 0;
    gone.once('close', () => (cuts += 1));
    add(unread);
    expect(cuts).toBe(0);
  });

  it('cuts off an answer that has lost its connection', () => {
    const unread = new UnreadAnswers(SIZE);
    const lost = add(unread);
    lost.socket = null;
    add(unread);
    expect(lost.destroyed).toBe(true);
  });

  it('leaves small answers alone', () => {
    const unread = new UnreadAnswers(1);
    const answers = [65_535, 65_535, 65_536, 65_536].map((bytes) => add(unread, Buffer.alloc(bytes)));
    expect(cutOff(answers)).toEqual([false, false, true, false]);
  });
});
