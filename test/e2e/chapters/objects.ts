import { expect, test } from 'vitest';
import { allVerdicts, type KindObject } from '../../manifests/verdicts.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Stage } from '../stage.ts';

/** What the API server says of an object; undefined: it takes it. */
async function refusalOf(
  kubectl: Kubectl,
  verb: 'create' | 'replace',
  object: KindObject,
  ...more: readonly string[]
) {
  try {
    await kubectl.run([verb, '--filename', '-', ...more], JSON.stringify(object));
    return undefined;
  } catch (error) {
    return (error as { readonly stderr: string }).stderr;
  }
}

export function objects(stage: Stage): void {
  const judge = async (refusal: string | undefined, expected: string | undefined): Promise<void> => {
    if (expected === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(expected);
  };

  test.each(allVerdicts.filter(({ before }) => before === undefined))(
    'the API server on $title',
    async ({ object, refused }) => {
      await judge(await refusalOf(stage.cluster.kubectl, 'create', object, '--dry-run=server'), refused);
    },
  );

  test.each(
    allVerdicts.flatMap((verdict) =>
      verdict.before === undefined ? [] : [{ ...verdict, before: verdict.before }],
    ),
  )('the API server on a change, $title', async ({ before, object, refused }) => {
    const { kubectl } = stage.cluster;
    expect(await refusalOf(kubectl, 'create', before)).toBeUndefined();
    try {
      await judge(await refusalOf(kubectl, 'replace', object, '--dry-run=server'), refused);
    } finally {
      await kubectl.do(`delete ${before.kind} ${before.metadata.name}`);
    }
  });
}
