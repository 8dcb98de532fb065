import { Document } from 'yaml';
import type { Conversion, Converted } from './conversion.ts';
import type { NodeAnnotations } from './node-annotations.ts';

/** The objects as one YAML text for `kubectl apply`; what cannot be applied stands in comments. */
export function renderConversion({ objects, nodes }: Conversion): string {
  const texts = objects.map(renderObject).join('---\n');
  return nodes.length === 0 ? texts : `${renderNodes(nodes)}\n${texts}`;
}

function renderObject({ object, comments }: Converted): string {
  const text = new Document(object, { aliasDuplicateObjects: false }).toString({ lineWidth: 0 });
  return comments.map((comment) => `# ${onOneLine(comment)}\n`).join('') + text;
}

/** Names of fields that nobody knows stand in comments as they are; a line break in one must not end the comment. */
const onOneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** Names and values come from records, so that nothing in them is for a shell. */
function renderNodes(nodes: readonly NodeAnnotations[]): string {
  const lines = nodes.map(({ node, annotations }) => {
    const words = [...annotations].map(([key, value]) => `${key}=${value}`);
    return `# kubectl annotate node ${node} ${words.join(' ')}\n`;
  });
  return `# What Calico keeps of single nodes; run these commands too:\n${lines.join('')}`;
}
