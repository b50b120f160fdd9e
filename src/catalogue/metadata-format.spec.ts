import { describe, expect, it } from '@jest/globals';
import { metadataReader, OWN_FORMAT } from './metadata-format.js';
import type { MetadataFormat } from './metadata-format.js';
import type { Row } from './row.js';

/** What is read of a row. */
const read = (row: Row, format: MetadataFormat = OWN_FORMAT): unknown => metadataReader(format)(row);

/** What is read of a row's capabilities, a vendor's words aside. */
function capabilitiesOf(row: Row, format: MetadataFormat): unknown {
  return (read(row, format) as { readonly capabilities?: unknown } | undefined)?.capabilities;
}

describe('the fields of a row', () => {
  it('have one name and one order in answers, whatever the vendor calls them', () => {
    const format: MetadataFormat = {
      shutdownDate: ['end'],
      deprecatesAt: ['end'],
      lifecycle: [['state', { gone: 'retired' }]],
      supportedParameters: ['parameters'],
      pricing: ['prices'],
      outputModalities: [['out', { words: 'text' }]],
      inputModalities: [['in', { pictures: 'image' }]],
      capabilities: [['can', { talk: 'chat' }]],
      maxOutputTokens: ['limits.out'],
      contextLength: ['limits.all'],
      description: ['about'],
      displayName: ['title'],
    };
    const row = {
      end: '2026-11-30T10:00:00Z',
      state: 'gone',
      parameters: ['stop'],
      prices: { prompt: '0.1' },
      out: 'words',
      in: ['pictures'],
      can: 'talk',
      limits: { out: 1, all: 2 },
      about: 'A model.',
      title: 'A',
    };
    expect(JSON.stringify(read(row, format))).toBe(
      JSON.stringify({
        display_name: 'A',
        description: 'A model.',
        context_length: 2,
        max_output_tokens: 1,
        capabilities: ['chat'],
        architecture: { input_modalities: ['image'], output_modalities: ['text'] },
        pricing: { prompt: '0.1' },
        supported_parameters: ['stop'],
        lifecycle: 'retired',
        deprecates_at: 1_796_032_800,
        shutdown_date: '2026-11-30',
      }),
    );
  });

  it('are none in a row without any, and in a format without any', () => {
    expect(read({ id: 'a' })).toBeUndefined();
    expect(read({ context_length: 1, capabilities: ['chat'], shutdown_date: null }, {})).toBeUndefined();
  });

  it('come from the first path with a valid value', () => {
    const format = { contextLength: ['a', 'b', 'c'] };
    expect(read({ a: 'x', b: 2, c: 3 }, format)).toEqual({ context_length: 2 });
  });
});

it.each([1, 131_072, Number.MAX_SAFE_INTEGER])('%p is a number of tokens', (value) => {
  expect(read({ context_length: value, max_output_tokens: value })).toEqual({
    context_length: value,
    max_output_tokens: value,
  });
});

it.each([0, -1, 1.5, NaN, Infinity, 2 ** 53, '8192', null, true, [1]])(
  '%p is no number of tokens',
  (value) => {
    expect(read({ context_length: value, max_output_tokens: value })).toBeUndefined();
  },
);

describe('words', () => {
  const format: MetadataFormat = {
    capabilities: [
      ['can', { talk: 'chat', see: 'vision', true: 'tools', false: 'reasoning' }],
      ['also', { talk: 'completions' }],
    ],
  };

  it.each<[string, Row, readonly string[] | undefined]>([
    ['a text in any case', { can: 'Talk' }, ['chat']],
    ['a list in any case', { can: ['SEE', 'talk', 7, null] }, ['chat', 'vision']],
    ['each once', { can: ['talk', 'talk'] }, ['chat']],
    ['fields that are true', { can: { talk: true, see: false } }, ['chat']],
    ['fields whose objects say so', { can: { talk: { supported: true }, see: { supported: 1 } } }, ['chat']],
    ['true', { can: true }, ['tools']],
    ['false', { can: false }, ['reasoning']],
    ['two paths', { can: 'talk', also: 'talk' }, ['chat', 'completions']],
    ['unknown words', { can: ['jump', 'toString', '__proto__'] }, undefined],
    ['null', { can: null }, undefined],
    ['a number', { can: 7 }, undefined],
    ['an empty list', { can: [] }, undefined],
  ])('of %s', (_name, row, expected) => {
    expect(capabilitiesOf(row, format)).toEqual(expected);
  });
});

describe('capabilities', () => {
  const own = (...capabilities: string[]): unknown => capabilitiesOf({ capabilities }, OWN_FORMAT);

  it('are in the order of the vocabulary', () => {
    expect(own('tools', 'vision', 'chat')).toEqual(['chat', 'vision', 'tools']);
  });

  it('have "other" only beside no purpose', () => {
    expect(own('other', 'chat')).toEqual(['chat']);
    expect(own('other', 'vision', 'audio', 'tools', 'reasoning', 'structured_output')).toEqual([
      'vision',
      'audio',
      'tools',
      'reasoning',
      'structured_output',
      'other',
    ]);
    expect(own('other')).toEqual(['other']);
  });

  describe('of a model that makes text', () => {
    const format: MetadataFormat = {
      capabilities: [
        ['kind', { text: 'text_generation', chat: 'chat' }],
        ['also', { audio: 'audio' }],
      ],
      inputModalities: [['in', { audio: 'audio', text: 'text' }]],
      outputModalities: [['out', { text: 'text', audio: 'audio' }]],
    };

    it.each([
      ['of sound alone, it writes down what is said', ['audio'], ['text'], ['transcription']],
      ['of sound and text', ['audio', 'text'], ['text'], ['text_generation']],
      ['of text', ['text'], ['text'], ['text_generation']],
      ['and sound', ['audio'], ['text', 'audio'], ['text_generation']],
      ['of what is not known', undefined, ['text'], ['text_generation']],
      ['and gives what is not known', ['audio'], undefined, ['text_generation']],
    ])('%s', (_name, inputs, outputs, expected) => {
      expect(capabilitiesOf({ kind: 'text', in: inputs, out: outputs }, format)).toEqual(expected);
    });

    it('other capabilities stay', () => {
      const row = { kind: 'text', also: 'audio', in: ['audio'], out: ['text'] };
      expect(capabilitiesOf(row, format)).toEqual(['audio', 'transcription']);
      expect(capabilitiesOf({ ...row, kind: 'chat' }, format)).toEqual(['chat', 'audio']);
      expect(capabilitiesOf({ in: ['audio'], out: ['text'] }, format)).toBeUndefined();
    });
  });

  describe('of another instance of this service', () => {
    const format: MetadataFormat = {
      ...OWN_FORMAT,
      capabilities: [...OWN_FORMAT.capabilities, ['supported_parameters', { tools: 'tools' }]],
    };
    const row = {
      object: 'model',
      capabilities: ['chat'],
      supported_parameters: ['tools'],
      display_name: 'A',
      name: 'A',
      context_length: 5,
      max_model_len: 5,
    };

    it('are all that it says', () => {
      expect(capabilitiesOf(row, format)).toEqual(['chat']);
      const { name, display_name, context_length, max_model_len, ...short } = row;
      expect([name, display_name, context_length, max_model_len]).toEqual(['A', 'A', 5, 5]);
      expect(capabilitiesOf(short, format)).toEqual(['chat']);
    });

    it.each([
      ['no object', { object: undefined }],
      ['another name', { name: 'B' }],
      ['another length', { max_model_len: 4 }],
      ['another word', { capabilities: ['chat', 'fly'] }],
    ])('are read with the other fields in a row with %s', (_name, change) => {
      expect(capabilitiesOf({ ...row, ...change }, format)).toEqual(['chat', 'tools']);
    });

    it.each([[[]], ['chat'], [undefined]])('are not %j', (capabilities) => {
      expect(capabilitiesOf({ ...row, capabilities }, format)).toContain('tools');
    });
  });
});

describe('modalities', () => {
  const architecture = (row: Row): unknown => (read(row) as { readonly architecture?: unknown }).architecture;

  it('are in the order of the vocabulary, on the sides that are known', () => {
    const inputs = { architecture: { input_modalities: ['audio', 'text', 'smell'] } };
    expect(architecture(inputs)).toEqual({ input_modalities: ['text', 'audio'] });
    const outputs = { architecture: { output_modalities: ['video', 'image'] } };
    expect(architecture(outputs)).toEqual({ output_modalities: ['image', 'video'] });
  });

  it('of a model with vision are text and images, unless its vendor says something else', () => {
    expect(architecture({ capabilities: ['vision'] })).toEqual({ input_modalities: ['text', 'image'] });
    expect(architecture({ capabilities: ['vision'], architecture: { input_modalities: ['video'] } })).toEqual(
      { input_modalities: ['video'] },
    );
    expect(architecture({ capabilities: ['chat'] })).toBeUndefined();
  });
});

describe('prices', () => {
  it.each(['0', '-1', '0.0000004', '1.5', '999999999999', `0.${'1'.repeat(20)}`])('%s is one', (price) => {
    expect(read({ pricing: { prompt: price } })).toEqual({ pricing: { prompt: price } });
  });

  it.each([
    1,
    null,
    '',
    '-2',
    '-1.5',
    '+1',
    '.5',
    '1.',
    '1e-7',
    '$1',
    '1 USD',
    '1,5',
    '1000000000000',
    `0.${'1'.repeat(21)}`,
  ])('%j is none', (price) => {
    expect(read({ pricing: { prompt: price } })).toBeUndefined();
  });

  it('of what the vocabulary names are kept, in its order', () => {
    const pricing = { input_cache_read: '3', completion: '2', discount: '9', prompt: '1', image: 4 };
    expect(JSON.stringify(read({ pricing }))).toBe(
      '{"pricing":{"prompt":"1","completion":"2","input_cache_read":"3"}}',
    );
  });

  it.each([null, '1', ['1']])('are none in %j', (pricing) => {
    expect(read({ pricing })).toBeUndefined();
  });
});

describe('the names of parameters', () => {
  it('are words of an API', () => {
    const odd = ['Top', '_k', '1st', 'with space', 'dot.dot', '', 7, null, 'x'.repeat(65), 'a\n'];
    const names = ['top_p', 'k2', 'x'.repeat(64)];
    expect(read({ supported_parameters: [...odd, ...names] })).toEqual({ supported_parameters: names });
    expect(read({ supported_parameters: odd })).toBeUndefined();
    expect(read({ supported_parameters: 'top_p' })).toBeUndefined();
  });

  it('are 64 at most', () => {
    const names = Array.from({ length: 65 }, (_, at) => `p${String(at)}`);
    expect(read({ supported_parameters: names })).toEqual({ supported_parameters: names.slice(0, 64) });
  });
});

describe('dates', () => {
  const format: MetadataFormat = { deprecatesAt: ['end'], shutdownDate: ['end'] };

  it.each([
    ['2026-11-30', 1_795_996_800, '2026-11-30'],
    ['2026-11-30T23:00:00-05:00', 1_796_097_600, '2026-12-01'],
    [1_795_996_800, 1_795_996_800, '2026-11-30'],
    [1_795_996_800_000, 1_795_996_800, '2026-11-30'],
    ['9999-12-31', 253_402_214_400, '9999-12-31'],
    [253_402_300_799, 253_402_300_799, '9999-12-31'],
    ['1970-01-02', 86_400, '1970-01-02'],
  ])('of %j', (end, deprecates_at, shutdown_date) => {
    expect(read({ end }, format)).toEqual({ deprecates_at, shutdown_date });
  });

  it.each([
    '2026-02-30',
    '2026-13-01',
    'x2026-11-30',
    '2026-11-30x',
    '1970-01-01',
    0,
    86_399,
    -1,
    'soon',
    null,
    true,
  ])('are none in %j', (end) => {
    expect(read({ end }, format)).toBeUndefined();
  });

  it('have no day after the year 9999', () => {
    expect(read({ end: 253_402_300_800 }, format)).toEqual({ deprecates_at: 253_402_300_800 });
  });

  it('of the end are null where OpenAI says that there is none', () => {
    expect(read({ shutdown_date: null })).toEqual({ shutdown_date: null });
    expect(
      read({ shutdown_date: null, end: '2026-11-30' }, { shutdownDate: ['shutdown_date', 'end'] }),
    ).toEqual({
      shutdown_date: '2026-11-30',
    });
    expect(read({ shutdown_date: null, end: null }, { shutdownDate: ['end'] })).toBeUndefined();
  });
});

it('an unknown stage of life is none', () => {
  expect(read({ lifecycle: 'deprecated' })).toEqual({ lifecycle: 'deprecated' });
  expect(read({ lifecycle: 'beta' })).toBeUndefined();
});
