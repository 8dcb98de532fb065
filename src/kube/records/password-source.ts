import type { TObject } from 'typebox';
import type { Secret } from '../../net/secret.ts';
import { filePathDecoder, objectNameDecoder } from './field-decoder.ts';
import { decodeValue, type KindObject } from './kind-object.ts';
import { fieldProblem } from './problem.ts';

/** Where a password is kept; never the password itself. */
export type PasswordSource =
  /** A key of a Secret in the agent's namespace. */
  | { readonly kind: 'secret'; readonly name: string; readonly key: string }
  /** A file of the node. */
  | { readonly kind: 'file'; readonly path: string };

/** What was found in a password file. */
export type PasswordFile =
  | { readonly kind: 'read'; readonly text: Secret }
  /** Ends the sentence "the file …". */
  | { readonly kind: 'unusable'; readonly reason: string };

interface PasswordField {
  readonly secretKeyRef?: { readonly name: string; readonly key: string };
  readonly file?: string;
}

/** Reads `spec.FIELD`; exactly one of its two sources must be given. */
export function readPasswordSource(
  object: Pick<KindObject<TObject>, 'subject' | 'problems'>,
  field: string,
  password: PasswordField | undefined,
): PasswordSource | undefined {
  if (password === undefined) return undefined;
  const path = ['spec', field];
  const { secretKeyRef, file } = password;
  if ((secretKeyRef === undefined) === (file === undefined)) {
    const message =
      file === undefined
        ? 'neither secretKeyRef nor file is set'
        : 'secretKeyRef and file exclude each other and both are set';
    const remedy = 'name either a key of a Secret or a file';
    object.problems.push(
      fieldProblem('GRY_FIELDS_EXCLUSIVE', 'error', object.subject, path, message, remedy),
    );
    return undefined;
  }
  if (secretKeyRef === undefined) {
    const valid = decodeValue(object, [...path, 'file'], file, filePathDecoder);
    return valid === undefined ? undefined : { kind: 'file', path: valid };
  }
  const namePath = [...path, 'secretKeyRef', 'name'];
  const name = decodeValue(object, namePath, secretKeyRef.name, objectNameDecoder);
  return name === undefined ? undefined : { kind: 'secret', name, key: secretKeyRef.key };
}
