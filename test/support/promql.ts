import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** What an expression reads. */
export interface PromQl {
  /** Every metric, with the labels that its matchers name. */
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  /** The labels of `by (…)`, `on (…)` and the like. */
  readonly grouping: readonly string[];
}

/**
 * Parses an expression of Prometheus' query language.
 * @throws Error that shows where it cannot be understood
 */
export function parsePromQl(expression: string): PromQl {
  const text = ({ from, to }: SyntaxNode): string => expression.slice(from, to);
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  parser.parse(expression).iterate({
    enter({ name, type, node, from }) {
      if (type.isError)
        throw new Error(`no PromQL from "${expression.slice(from, from + 20)}" on: ${expression}`);
      if (name === 'Identifier') selectors.push({ metric: text(node), labels: [] });
      if (name === 'LabelName') {
        const isGrouping = node.parent?.name === 'GroupingLabels';
        (isGrouping ? grouping : selectors.at(-1)?.labels)?.push(text(node));
      }
    },
  });
  return { selectors, grouping };
}
