/** For NODE_OPTIONS: makes every import of the embedded engine fail, as on an installation without it. */
const HOOK = `export const resolve = (specifier, context, next) => { if (specifier.startsWith('chdb')) throw Object.assign(new Error('Cannot find package chdb'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(specifier, context); };`;
const REGISTER = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOK)}));`;

export const WITHOUT_CHDB = `--import=data:text/javascript,${encodeURIComponent(REGISTER)}`;
