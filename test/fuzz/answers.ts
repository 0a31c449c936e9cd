/** Whether an answer is what OTLP says an answer is: an Export…ServiceResponse or a google.rpc.Status, in the encoding asked for. */
import { z } from 'zod';

const Count = z.string().regex(/^\d+$/);
const Partial = z.strictObject({
  rejectedLogRecords: Count.optional(),
  rejectedSpans: Count.optional(),
  rejectedDataPoints: Count.optional(),
  errorMessage: z.string(),
});
const Success = z.strictObject({ partialSuccess: Partial.optional() });
const Status = z.strictObject({ code: z.int().min(1).max(16), message: z.string().min(1) });

/** @returns what is wrong with it, or undefined */
export function problemWithAnswer(encoding: 'json' | 'protobuf', isSuccess: boolean, body: Buffer): string | undefined {
  try {
    if (encoding === 'json') (isSuccess ? Success : Status).parse(JSON.parse(body.toString()));
    else if (isSuccess) checkSuccess(body);
    else checkStatus(body);
    return undefined;
  } catch (error) {
    return `not an answer of OTLP: ${String(error).slice(0, 300)}, ${body.toString('hex').slice(0, 200)}`;
  }
}

function checkSuccess(body: Buffer): void {
  for (const [field, value] of fieldsOf(body)) {
    if (field !== 1 || typeof value === 'number') throw new Error(`field ${field}`);
    for (const [inner, what] of fieldsOf(value))
      if (!(inner === 1 && typeof what === 'number') && !(inner === 2 && typeof what !== 'number'))
        throw new Error(`field 1.${inner}`);
  }
}

function checkStatus(body: Buffer): void {
  const fields = fieldsOf(body);
  const code = fields.find(([field]) => field === 1)?.[1];
  if (typeof code !== 'number' || code < 1 || code > 16) throw new Error('no code');
  if (!fields.some(([field, value]) => field === 2 && typeof value !== 'number')) throw new Error('no message');
  if (fields.some(([field]) => field > 3)) throw new Error('unknown fields');
}

/** An answer consists of varints and length-delimited fields alone. */
function fieldsOf(body: Buffer): (readonly [field: number, value: number | Buffer])[] {
  const fields: (readonly [number, number | Buffer])[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = body[at++];
      if (byte === undefined) throw new Error('cut off');
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < body.length) {
    const tag = varint();
    if ((tag & 7) === 0) fields.push([tag >>> 3, varint()]);
    else if ((tag & 7) === 2) {
      const end = varint() + at;
      if (end > body.length) throw new Error('cut off');
      fields.push([tag >>> 3, body.subarray(at, end)]);
      at = end;
    } else throw new Error(`wire type ${tag & 7}`);
  }
  return fields;
}
