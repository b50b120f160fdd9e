import { NestFactory } from '@nestjs/core';
import { cacheConfig } from '../config/cache.config.js';
import type { CacheConfig } from '../config/cache.config.js';
import { serverConfig } from '../config/server.config.js';
import type { ServerConfig } from '../config/server.config.js';
import { checkVariables } from '../config/variables.js';
import { StartupReport } from '../startup/startup-report.js';
import { VERSION } from '../version.js';
import { checkReport, probeReport } from './check-report.js';
import { CheckModule } from './check.module.js';
import type { Command } from './command-line.js';
import { EXIT_CODES, HELP } from './help.js';
import { ListWarnings } from './list-warnings.js';
import { ProviderProbe } from './provider-probe.js';

/** What a command writes, and its exit code. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/**
 * Runs a command that does not start the service.
 * @throws ConfigurationError
 */
export async function runCommand(command: Exclude<Command, { name: 'serve' }>): Promise<CommandResult> {
  const result = { stdout: '', stderr: '', code: EXIT_CODES.ok };
  switch (command.name) {
    case 'help':
      return { ...result, stdout: HELP };
    case 'version':
      return { ...result, stdout: `${VERSION}\n` };
    case 'refuse':
      return {
        ...result,
        stderr: `models-gateway: ${command.reason} --help lists the options.\n`,
        code: EXIT_CODES.usage,
      };
    case 'check':
      return check(command.asks);
  }
}

async function check(asks: boolean): Promise<CommandResult> {
  checkVariables();
  const app = await NestFactory.createApplicationContext(CheckModule, { logger: false, abortOnError: false });
  try {
    const report = app.get(StartupReport);
    const server = app.get<ServerConfig>(serverConfig.KEY);
    const cache = app.get<CacheConfig>(cacheConfig.KEY);
    const results = asks ? await app.get(ProviderProbe).askAll() : [];
    const lists = results.flatMap(({ engine, models }) =>
      models === undefined ? [] : [[engine, models] as const],
    );
    const isWhole = report.missing.length === 0 && lists.length === results.length;
    // What a list lacks may be in the list that is missing.
    const warnings = isWhole ? app.get(ListWarnings).of(new Map(lists)) : [];
    return {
      stdout: checkReport(report, server, cache) + (asks ? probeReport(results, warnings) : ''),
      stderr: '',
      code: isWhole ? EXIT_CODES.ok : EXIT_CODES.failed,
    };
  } finally {
    await app.close();
  }
}
