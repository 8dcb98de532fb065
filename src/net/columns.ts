/** Rows of one page: what a table grows by. */
const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;
const PAGE_MASK = PAGE_SIZE - 1;

/** Eight fields of a record, each a signed 32-bit number. */
const FIELD_BITS = 3;

/** No record. */
export const NONE = -1;

/**
 * Records of eight numbers, by small integer ids that are used again. Pages of fixed size: growing copies nothing. An id that
 * was never allocated has zeros.
 */
export class Records {
  readonly #pages: Int32Array[] = [];
  /** Ids below were allocated once. */
  #end = 0;
  /** Freed ids, linked through their first field. */
  #free = NONE;
  #size = 0;

  /** Every id is below. */
  get end(): number {
    return this.#end;
  }

  /** Records in use. */
  get size(): number {
    return this.#size;
  }

  /** The fields hold anything: set them all. */
  allocate(): number {
    this.#size++;
    const id = this.#free;
    if (id !== NONE) {
      this.#free = this.get(id, 0);
      return id;
    }
    if (this.#end >> PAGE_BITS === this.#pages.length)
      this.#pages.push(new Int32Array(PAGE_SIZE << FIELD_BITS));
    return this.#end++;
  }

  free(id: number): void {
    this.#size--;
    this.set(id, 0, this.#free);
    this.#free = id;
  }

  get(id: number, field: number): number {
    return this.#pages[id >> PAGE_BITS]?.[((id & PAGE_MASK) << FIELD_BITS) | field] ?? 0;
  }

  /** The numbers that the record stands among, and where it begins: for whoever reads several fields. */
  page(id: number): Int32Array {
    return this.#pages[id >> PAGE_BITS] ?? NO_RECORDS;
  }

  offset(id: number): number {
    return (id & PAGE_MASK) << FIELD_BITS;
  }

  set(id: number, field: number, value: number): void {
    const page = this.#pages[id >> PAGE_BITS];
    if (page !== undefined) page[((id & PAGE_MASK) << FIELD_BITS) | field] = value;
  }
}

const NO_RECORDS = new Int32Array(0);

const EMPTY_PAGE = Array.from<undefined>({ length: PAGE_SIZE });

/** One reference for each id, undefined unless set. Pages come when something is set in them. */
export class Column<T> {
  readonly #pages: ((T | undefined)[] | undefined)[] = [];

  get(id: number): T | undefined {
    return this.#pages[id >> PAGE_BITS]?.[id & PAGE_MASK];
  }

  set(id: number, value: T | undefined): void {
    const at = id >> PAGE_BITS;
    let page = this.#pages[at];
    if (page === undefined) {
      while (this.#pages.length <= at) this.#pages.push(undefined);
      page = EMPTY_PAGE.slice();
      this.#pages[at] = page;
    }
    page[id & PAGE_MASK] = value;
  }

  /** Every id that something was ever set for is below. */
  get end(): number {
    return this.#pages.length << PAGE_BITS;
  }
}

/** One octet for each id, 0 unless set. */
export class Octets {
  readonly #pages: (Uint8Array | undefined)[] = [];

  get(id: number): number {
    return this.#pages[id >> PAGE_BITS]?.[id & PAGE_MASK] ?? 0;
  }

  set(id: number, value: number): void {
    const at = id >> PAGE_BITS;
    let page = this.#pages[at];
    if (page === undefined) {
      while (this.#pages.length <= at) this.#pages.push(undefined);
      page = new Uint8Array(PAGE_SIZE);
      this.#pages[at] = page;
    }
    page[id & PAGE_MASK] = value;
  }
}
