/** Finds every metric in the sources: calls of `counter`, `gauge` and `histogram` with a name, a help text and label names. */
import { type CallExpression, type Expression, type TemplateLiteral, parseSync } from '@swc/core';

export interface Registration {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** A part that the code fills in is written `<part>`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

const LABELS_AT = { counter: 2, gauge: 2, histogram: 3 } as const;

/** @throws Error when a name, a help text or a label is not written out in the file */
export function registrationsIn(file: string, source: string): readonly Registration[] {
  const constants = new Map<string, Expression>();
  const calls: CallExpression[] = [];
  visit(parseSync(source, { syntax: 'typescript', target: 'es2023' }), (node) => {
    if (node.type === 'VariableDeclarator' && isNode(node['id']) && isNode(node['init']))
      constants.set(String(node['id']['value']), node['init'] as unknown as Expression);
    if (node.type === 'CallExpression') calls.push(node as unknown as CallExpression);
  });

  function text(node: Expression | undefined): string {
    if (node?.type === 'StringLiteral') return node.value;
    if (node?.type === 'TemplateLiteral') return filledIn(node);
    throw unreadable(node);
  }

  function labelsOf(node: Expression | undefined): readonly string[] {
    if (node === undefined) return [];
    if (node.type === 'Identifier') {
      const value = constants.get(node.value);
      if (value === undefined) throw unreadable(node);
      return labelsOf(value);
    }
    if (node.type === 'TsConstAssertion') return labelsOf(node.expression);
    if (node.type !== 'ArrayExpression') throw unreadable(node);
    return node.elements.flatMap((element) => {
      if (element === undefined) return [];
      return element.spread ? labelsOf(element.expression) : [text(element.expression)];
    });
  }

  function unreadable(node: Expression | undefined): Error {
    return new Error(`${file}: a metric must be written out where it is made, not as ${node?.type ?? 'nothing'}`);
  }

  return calls.flatMap((call) => {
    const type = methodOf(call);
    if (type === undefined) return [];
    const [name, help, ...rest] = call.arguments.map(({ expression }) => expression);
    return [{ type, name: text(name), help: text(help), labels: labelsOf(rest[LABELS_AT[type] - 2]) }];
  });
}

/** Only calls whose first argument is a name: other objects have methods of these names too. */
function methodOf({ callee, arguments: [first] }: CallExpression): Registration['type'] | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  if (first?.expression.type !== 'StringLiteral' && first?.expression.type !== 'TemplateLiteral') return undefined;
  const { value } = callee.property;
  return value === 'counter' || value === 'gauge' || value === 'histogram' ? value : undefined;
}

function filledIn({ quasis, expressions }: TemplateLiteral): string {
  const names = expressions.map((expression) =>
    expression.type === 'Identifier' ? expression.value : expression.type,
  );
  return quasis.map(({ raw }, at) => raw + (names[at] === undefined ? '' : `<${names[at]}>`)).join('');
}

interface AnyNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is AnyNode => typeof value === 'object' && value !== null && 'type' in value;

function visit(value: unknown, each: (node: AnyNode) => void): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) each(value);
  for (const part of Object.values(value)) visit(part, each);
}
