/** What the records of one group share, over the bytes of OTLP/JSON. */
import { NONE } from './fields.ts';
import type { AttributeWalker } from './attributes.ts';
import { Names } from './names.ts';
import { END, JsonCursor } from './scan.ts';
import { readAttributes, readString } from './values.ts';
import type { Attributes, Resource, Scope } from '../../../schemas/otlp/record.ts';

const RESOURCE = new Names(['attributes']);
const SCOPE = new Names(['name'], ['version']);

export class JsonResource implements Resource {
  private readonly walker: AttributeWalker;
  private readonly start: number;
  private readonly end: number;
  private decoded: Attributes | undefined = undefined;
  private slice: Uint8Array | undefined = undefined;

  constructor(walker: AttributeWalker, start: number, end: number) {
    this.walker = walker;
    this.start = start;
    this.end = end;
  }

  get attributes(): Attributes {
    return (this.decoded ??= this.decode());
  }

  get bytes(): Uint8Array {
    return (this.slice ??= this.walker.input.bytes.subarray(this.start, this.end));
  }

  private decode(): Attributes {
    if (this.start === this.end) return NONE;
    const cursor = new JsonCursor(this.walker.input, this.start);
    let attributes = NONE;
    if (cursor.takeNull()) return attributes;
    cursor.enterObject();
    for (let id = cursor.member(RESOURCE); id !== END; id = cursor.member(RESOURCE)) {
      if (id === 1) attributes = readAttributes(this.walker, cursor);
      else cursor.skip();
    }
    return attributes;
  }
}

export function readScope(cursor: JsonCursor): Scope {
  let name = '';
  let version = '';
  if (!cursor.takeNull()) {
    cursor.enterObject();
    for (let id = cursor.member(SCOPE); id !== END; id = cursor.member(SCOPE)) {
      if (id === 1) name = readString(cursor);
      else if (id === 2) version = readString(cursor);
      else cursor.skip();
    }
  }
  return { name, version };
}
