/** What the records of one group share, over protobuf bytes. */
import type { Input } from '../input.ts';
import { attributesAt } from './fields.ts';
import { BYTES } from './wire.ts';
import type { Wire } from './wire.ts';
import type { Attributes, Resource, Scope } from '../../../schemas/otlp/record.ts';
import { decodeName } from '../text.ts';

/** Resource: attributes 1. */
export class ProtobufResource implements Resource {
  private readonly input: Input;
  private readonly start: number;
  private readonly end: number;
  private decoded: Attributes | undefined = undefined;
  private slice: Uint8Array | undefined = undefined;

  constructor(input: Input, start: number, end: number) {
    this.input = input;
    this.start = start;
    this.end = end;
  }

  get attributes(): Attributes {
    return (this.decoded ??= attributesAt(this.input, this.start, this.end, 1));
  }

  get bytes(): Uint8Array {
    return (this.slice ??= this.input.bytes.subarray(this.start, this.end));
  }
}

/** InstrumentationScope: name 1, version 2. */
export function readScope(wire: Wire, end: number): Scope {
  let name = '';
  let version = '';
  while (wire.pos < end) {
    const tag = wire.tag(end);
    const field = tag >>> 3;
    if (field === 1 || field === 2) {
      wire.expect(tag, BYTES);
      const stop = wire.length(end);
      const text = decodeName(wire.input, wire.pos, stop);
      if (field === 1) name = text;
      else version = text;
      wire.pos = stop;
    } else wire.skip(tag & 7, end);
  }
  return { name, version };
}
