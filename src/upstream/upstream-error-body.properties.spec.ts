import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { readUpstreamErrorBody } from './upstream-error-body.js';

it('the message of an error is found', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.dictionary(fc.constantFrom('type', 'param'), fc.uuid()), (id, others) => {
      const message = `There is no model ${id}.`;
      for (const body of [{ error: { ...others, message } }, { error: message }, { ...others, message }]) {
        expect(readUpstreamErrorBody(Buffer.from(JSON.stringify(body)))).toMatchObject({ message });
      }
    }),
    runs(50),
  );
});

it('no JSON makes it throw, and what it finds is text', () => {
  const names = [
    'error',
    'errors',
    'detail',
    'details',
    'message',
    'msg',
    'title',
    'type',
    'code',
    'loc',
    '__proto__',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, (body) => {
      for (const found of Object.values(readUpstreamErrorBody(Buffer.from(JSON.stringify(body))))) {
        expect(found === undefined || (typeof found === 'string' && found !== '')).toBe(true);
      }
    }),
    runs(300),
  );
});
