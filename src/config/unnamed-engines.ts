import { declarationOf, engineName, engineVariable } from './engines.js';

/** The suffixes of variables that an engine cannot do without beside `<NAME>_ENGINE`. */
const WITH_ENGINE = ['BASE_URL', 'API_KEY', 'API_KEY_FILE'] as const;

/**
 * The variables of engines by names that `MODEL_ENGINES` does not have, each with that name in lower case: `<NAME>_ENGINE`
 * with a built-in engine, and what belongs to it. Other programs have an engine of their own, a database's for example.
 * @param declared the variables that are read
 */
export function unnamedEngines(
  declared: ReadonlySet<string>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly name: string; readonly variables: readonly string[] }[] {
  return Object.entries(env).flatMap(([variable, value = '']) => {
    const [, prefix] = /^([A-Z\d_]+)_ENGINE$/.exec(variable) ?? [];
    if (prefix === undefined || declared.has(variable)) return [];
    if (declarationOf(engineName(value.trim())) === undefined) return [];
    const others = WITH_ENGINE.map((suffix) => engineVariable(prefix.toLowerCase(), suffix)).filter(
      (each) => env[each]?.trim() && !declared.has(each),
    );
    return others.length === 0 ? [] : [{ name: prefix.toLowerCase(), variables: [variable, ...others] }];
  });
}
