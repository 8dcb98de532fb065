import { GryphonError } from '../ports/error.ts';

/** Something that the lab cannot do; codes begin with `GRY_LAB_`. */
export class LabError extends GryphonError {}

/** The command line asks for a lab, a directory or a place that cannot be. */
export class LabUsageError extends LabError {}
