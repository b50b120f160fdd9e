import { parseArgs } from 'node:util';
import { nearestName } from '../config/spelling.js';

/** What a command line asks for. */
export type Command =
  | { readonly name: 'serve' }
  | { readonly name: 'help' | 'version' }
  | {
      readonly name: 'check';
      /** Whether each provider is asked too. */
      readonly asks: boolean;
    }
  | {
      readonly name: 'refuse';
      /** What is wrong with the command line, in a sentence. */
      readonly reason: string;
    };

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  check: { type: 'boolean' },
  ask: { type: 'boolean' },
} as const;
const NAMES = Object.keys(OPTIONS);

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly index: number;
}

/** @param args the arguments behind the name of the program */
export function parseCommandLine(args: readonly string[]): Command {
  const { tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') return refuse(`Argument ${String(token.index + 1)} is no option.`);
    if (!NAMES.includes(token.name)) return refuse(unknownOption(token));
    if (token.value !== undefined) return refuse(`--${token.name} takes no value.`);
    given.add(token.name);
  }
  if (given.has('help')) return { name: 'help' };
  if (given.has('version')) return { name: 'version' };
  if (given.has('check')) return { name: 'check', asks: given.has('ask') };
  return given.has('ask') ? refuse('--ask needs --check.') : { name: 'serve' };
}

function refuse(reason: string): Command {
  return { name: 'refuse', reason };
}

/** A mistyped option can be repeated; any other one could be a key. */
function unknownOption({ name, rawName, index }: OptionToken): string {
  const nearest = nearestName(name, NAMES);
  return nearest === undefined
    ? `Argument ${String(index + 1)} is no option.`
    : `${rawName} is no option. Is --${nearest} meant?`;
}
