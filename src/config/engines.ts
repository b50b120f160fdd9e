/** What the configuration needs to know of a built-in engine. */
export interface EngineDeclaration {
  /** The name in the environment: lower case, words joined by `_`. */
  readonly engine: string;
  /** Further names for the same engine. */
  readonly aliases?: readonly string[];
  /** The variables that may hold the base URL when the engine is the only one; the first one that is set wins. */
  readonly urlVariables?: readonly string[];
  /** The variables that may hold the operator's key when the engine is the only one; the first one that is set wins. */
  readonly keyVariables?: readonly string[];
  /** The header that carries a key, in lower case, if it is not `authorization`; `UPSTREAM_HEADERS` may not set it. */
  readonly keyHeader?: string;
  /** What the names of its rate-limit headers begin with, in lower case, if it is not `x-ratelimit-`. */
  readonly limitHeaderPrefix?: string;
  /** The words of these names that no other vendor uses, in lower case. */
  readonly limitHeaderWords?: readonly string[];
  /** The headers of its answers that identify a request, in lower case, if it is not `x-request-id`. */
  readonly requestIdHeaders?: readonly string[];
  /** Declares the further variables of the engine. */
  readonly variables?: new () => object;
}

/** The names of an engine: its own and its aliases. */
export type EngineNames = readonly [string, ...string[]];

/** An engine's name as other variables spell it: lower case, words joined by `_`. */
export function engineName(text: string): string {
  return text.toLowerCase().replaceAll('-', '_');
}

const declarations = new Map<string, EngineDeclaration>();
/** Grows with each declaration. */
let revision = 0;

/** Makes the names and the headers of engines known to the rules of the configuration. */
export function rememberEngines(engines: readonly EngineDeclaration[]): void {
  for (const each of engines) for (const name of namesIn(each)) declarations.set(name, each);
  revision += 1;
}

/** The built-in engine of this name or alias, as `engineName` spells it; undefined for any other name. */
export function declarationOf(name: string): EngineDeclaration | undefined {
  return declarations.get(name);
}

/** The names of all built-in engines. */
export function builtInNames(): string[] {
  return [...declarations.keys()];
}

/** All names of an engine, as `engineName` spells them. */
export function namesOf(engine: string): EngineNames {
  const declaration = declarations.get(engine);
  return declaration === undefined ? [engine] : namesIn(declaration);
}

/** The headers that carry the keys of built-in engines, `authorization` aside. */
export const keyHeaders = declaredTexts(({ keyHeader }) => keyHeader);

/** What the names of rate-limit headers of built-in engines begin with, `x-ratelimit-` aside. */
export const limitHeaderPrefixes = declaredTexts(({ limitHeaderPrefix }) => limitHeaderPrefix);

/** The words of rate-limit headers that built-in engines declare. */
export const limitHeaderWords = declaredTexts(({ limitHeaderWords: words }) => words);

/** The headers that identify a request in the answers of built-in engines, `x-request-id` aside. */
export const requestIdHeaders = declaredTexts(({ requestIdHeaders: names }) => names);

/** Reads the texts of all declarations once, and again after further ones. */
function declaredTexts(
  read: (declaration: EngineDeclaration) => string | readonly string[] | undefined,
): () => ReadonlySet<string> {
  let texts: ReadonlySet<string> = new Set();
  let readAt = 0;
  return () => {
    if (readAt !== revision) {
      texts = new Set([...declarations.values()].flatMap((each) => read(each) ?? []));
      readAt = revision;
    }
    return texts;
  };
}

/** The name of an engine's variable, `MY_LAB_BASE_URL` for instance. */
export function engineVariable(name: string, suffix: string): string {
  return `${name.toUpperCase()}_${suffix}`;
}

/** The kind that `<NAME>_ENGINE` gives an engine, as `engineName` spells it; undefined where it is not set. */
export function givenKind(name: string): string | undefined {
  const text = process.env[engineVariable(name, 'ENGINE')]?.trim();
  return text ? engineName(text) : undefined;
}

/** The names of a built-in engine. */
export function namesIn({ engine, aliases = [] }: EngineDeclaration): EngineNames {
  return [engine, ...aliases];
}
