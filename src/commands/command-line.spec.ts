import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from './command-line.js';

describe('a command line', () => {
  it.each([
    [[], { name: 'serve' }],
    [['--'], { name: 'serve' }],
    [['--help'], { name: 'help' }],
    [['-h'], { name: 'help' }],
    [['--version'], { name: 'version' }],
    [['-v'], { name: 'version' }],
    [['--check'], { name: 'check', asks: false }],
    [['--check', '--ask'], { name: 'check', asks: true }],
    [['--ask', '--check'], { name: 'check', asks: true }],
    [['--check', '--help'], { name: 'help' }],
  ])('%j is understood', (args, command) => {
    expect(parseCommandLine(args)).toEqual(command);
  });

  it.each([
    [['--ask'], '--ask needs --check.'],
    [['--chek'], '--chek is no option. Is --check meant?'],
    [['--ehlp'], '--ehlp is no option. Is --help meant?'],
    [['--check', '--aks'], '--aks is no option. Is --ask meant?'],
    [['--port', '8000'], 'Argument 1 is no option.'],
    [['-x'], 'Argument 1 is no option.'],
    [['--check', 'now'], 'Argument 2 is no option.'],
    [['--check=now'], '--check takes no value.'],
    [['--help', '--nothing'], 'Argument 2 is no option.'],
  ])('%j is refused', (args, reason) => {
    expect(parseCommandLine(args)).toEqual({ name: 'refuse', reason });
  });

  it.each([
    ['sk-SECRET0'],
    ['--sk-SECRET0'],
    ['-sk-SECRET0'],
    ['--key=sk-SECRET0'],
    ['--check=sk-SECRET0'],
    ['--', 'sk-SECRET0'],
    ['-k', 'sk-SECRET0'],
  ])('%j is refused without the key in it', (...args) => {
    const command = parseCommandLine(args);
    expect(command.name).toBe('refuse');
    expect(JSON.stringify(command)).not.toContain('SECRET0');
  });

  it.each(['--abcdefghijk', '--secret', '-s', '--checksum'])(
    '%s is not repeated, as it could be a key',
    (option) => {
      expect(parseCommandLine([option])).toEqual({ name: 'refuse', reason: 'Argument 1 is no option.' });
    },
  );
});
