import { GryphonError } from '../ports/error.ts';

/** Something that the lab cannot do; codes begin with `GRY_LAB_`. */
export class LabError extends GryphonError {}
