import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** A condition on a label of a metric. */
export interface Matcher {
  readonly label: string;
  /** `=`, `!=`, `=~` or `!~`. */
  readonly operator: string;
  readonly value: string;
}

/** The metrics and labels in an expression. */
interface PromQl {
  /** Every metric, with its matchers. */
  readonly selectors: readonly { readonly metric: string; readonly matchers: readonly Matcher[] }[];
  /** The labels of `by (…)`, `on (…)` and the like. */
  readonly grouping: readonly string[];
}

/**
 * Parses an expression of Prometheus' query language.
 * @throws Error that shows the first syntax error
 */
export function parsePromQl(expression: string): PromQl {
  const text = ({ from, to }: SyntaxNode): string => expression.slice(from, to);
  const selectors: { metric: string; matchers: Matcher[] }[] = [];
  const grouping: string[] = [];
  parser.parse(expression).iterate({
    enter({ name, type, node, from }) {
      if (type.isError)
        throw new Error(`no PromQL from "${expression.slice(from, from + 20)}" on: ${expression}`);
      if (name === 'Identifier') selectors.push({ metric: text(node), matchers: [] });
      if (name === 'LabelName') {
        const [operator, value] = ['MatchOp', 'StringLiteral'].map((each) => node.parent?.getChild(each));
        if (operator && value) {
          const matcher = { label: text(node), operator: text(operator), value: text(value).slice(1, -1) };
          selectors.at(-1)?.matchers.push(matcher);
        } else {
          grouping.push(text(node));
        }
      }
    },
  });
  return { selectors, grouping };
}
