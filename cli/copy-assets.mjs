/** Part of the build: puts the detection files beside the compiled detector. */
import { cpSync, rmSync } from 'node:fs';

const from = new URL('../detector/detections', import.meta.url);
const to = new URL('../dist/detector/detections', import.meta.url);
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true, filter: (path) => !path.endsWith('.ts') });
