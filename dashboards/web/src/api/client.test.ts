import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiError, get, urlOf } from './client.ts';

const real = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = real;
});
const answering = (body: string, status: number) => {
  globalThis.fetch = () => Promise.resolve(new Response(body, { status }));
};
const read = () => get('/v1/alerts', { isShape: (body) => Array.isArray(body['items']) });

describe('reading the audit API', () => {
  it.each([
    [400, 'bad-request'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'not-found'],
    [413, 'too-large'],
    [429, 'unavailable'],
    [500, 'broken'],
    [503, 'unavailable'],
  ] as const)('reports %d as %s, with the problem that the server sent', async (status, failure) => {
    answering(
      JSON.stringify({ title: 'No', detail: 'because', errors: [{ field: 'from', message: 'bad' }, 7, null] }),
      status,
    );
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      failure,
      status,
      problem: { title: 'No', detail: 'because', errors: [{ field: 'from', message: 'bad' }] },
    });
  });
  it.each([
    ['text that is no JSON', '<html>'],
    ['another shape', '{"rows":[]}'],
    ['null', 'null'],
  ])('treats %s as broken', async (_, body) => {
    answering(body, 200);
    await expect(read()).rejects.toMatchObject({ failure: 'broken' });
  });
  it('survives a failure that is no problem document', async () => {
    answering('<h1>Bad gateway</h1>', 502);
    await expect(read()).rejects.toMatchObject({ failure: 'unavailable', problem: { title: 'HTTP 502' } });
  });
  it('treats no answer as unavailable', async () => {
    globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'));
    await expect(read()).rejects.toMatchObject({ failure: 'unavailable', status: 0 });
  });
  it('writes addresses without what is not given', () => {
    expect(urlOf('/v1/alerts', { query: { tenant: undefined, entity: 'a b&c', limit: 5 } })).toBe(
      '/v1/alerts?entity=a+b%26c&limit=5',
    );
    expect(urlOf('/v1/alerts', {})).toBe('/v1/alerts');
  });
  it('encodes parameters in the path', () => {
    expect(urlOf('/v1/sessions/{sessionId}', { parameters: { sessionId: 'a/b ?' }, query: { tenant: 'x' } })).toBe(
      '/v1/sessions/a%2Fb%20%3F?tenant=x',
    );
  });
  it('accepts only what the contracts say', () => {
    // @ts-expect-error no such route
    urlOf('/v1/alarms', {});
    // @ts-expect-error no such query field
    urlOf('/v1/alerts', { query: { severty: 'low' } });
    // @ts-expect-error the parameter in the path is missing
    urlOf('/v1/alerts/{alertId}', {});
  });
});
