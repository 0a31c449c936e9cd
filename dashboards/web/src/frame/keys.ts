/** One-key commands that do not interfere with typing and dialogs. */
import { useEffect, useRef } from 'react';

/** The description of each key in the help. */
export const KEY_HELP = [
  ['j / k', 'next / previous row'],
  ['Enter', 'open the row'],
  ['Esc', 'close what is open'],
  ['n', 'show new alerts'],
  ['u', 'UTC or your own zone'],
  ['/', 'go to the filters'],
  ['g a', 'alerts'],
  ['g s', 'sessions'],
  ['?', 'this help'],
] as const;

type Handlers = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const TYPING = 'input, textarea, select, [contenteditable]';
/** Widgets that use these keys themselves. */
const OWN_KEYS: Readonly<Record<string, string>> = { Enter: 'button, a, summary', ' ': 'button, a, summary' };

export function useKeys(handlers: Handlers): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : undefined;
      if (target?.matches(TYPING) === true) return;
      if (document.querySelector('[role="dialog"], [role="listbox"], [role="menu"]') !== null) return;
      const own = OWN_KEYS[event.key];
      if (own !== undefined && target?.closest(own) != null) return;
      const handler = latest.current[event.key];
      if (handler === undefined) return;
      event.preventDefault();
      handler(event);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}
