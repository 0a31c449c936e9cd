/**
 * The warehouse role: recorder and audit API in one process, because only one process can open the embedded engine's
 * folder.
 */
import { dataFolders } from '../platform/config.ts';
import { serveRequests } from '../platform/files/requests-folder.ts';
import { auditOptions, startAudit } from './audit.ts';
import { FORGET_DEMO, forgetDemo } from './forget-demo.ts';
import { openWarehouseFor } from './open-warehouse.ts';
import { recorderOptions, startRecorder } from './recorder.ts';
import { accessFor, runRole } from './run-role.ts';

export async function runWarehouse(): Promise<void> {
  await runRole('warehouse', async (parts, undo) => {
    const access = accessFor('audit', parts, undo);
    const warehouse = await openWarehouseFor(parts.config);
    undo(() => warehouse.close());
    const recorder = await startRecorder(recorderOptions(parts, warehouse));
    undo(() => recorder.stop());
    const requests = serveRequests(
      dataFolders(parts.config).requests,
      { [FORGET_DEMO]: forgetDemo({ bus: parts.bus, warehouse }) },
      parts.log,
    );
    undo(() => requests.stop());
    return startAudit(auditOptions(parts, warehouse, access));
  });
}
