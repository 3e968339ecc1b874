/** @module Every route about jobs as they are written, their versions, evaluations and deployments. */
import type { Routes } from "../request-context.ts";
import { stopAllocation } from "./allocation-stop.ts";
import { dispatchJob, forcePeriodic } from "./children.ts";
import {
  failDeployment, listDeploymentAllocations, listDeployments, listJobDeployments, pauseDeployment, promoteDeployment, readDeployment, readLatestDeployment,
  setAllocationHealth, unblockDeployment,
} from "./deployments.ts";
import { deregister } from "./deregister.ts";
import { countEvaluations, evaluateJob, listEvaluationAllocations, listEvaluations, listJobEvaluations, readEvaluation } from "./evaluations.ts";
import { parseJob, planJob, validateJob } from "./plan.ts";
import { register } from "./register.ts";
import { listActions, readScale, readSummary, scaleJob } from "./scale.ts";
import { listStatuses, readStatuses } from "./statuses.ts";
import { readSubmission } from "./submission.ts";
import { collectGarbage } from "./system-gc.ts";
import { listVersions, markStable, revertJob, tagVersion, untagVersion } from "./versions.ts";

export const JOB_ROUTES: Routes = {
  "GET /v1/jobs/statuses": listStatuses,
  "PUT /v1/jobs/statuses": readStatuses,
  "PUT /v1/jobs": register,
  "PUT /v1/jobs/parse": parseJob,
  "PUT /v1/validate/job": validateJob,
  "PUT /v1/job/:jobId*/plan": planJob,
  "PUT /v1/job/:jobId*": register,
  "DELETE /v1/job/:jobId*": deregister,
  "GET /v1/job/:jobId*/scale": readScale,
  "PUT /v1/job/:jobId*/scale": scaleJob,
  "PUT /v1/job/:jobId*/dispatch": dispatchJob,
  "PUT /v1/job/:jobId*/periodic/force": forcePeriodic,
  "PUT /v1/job/:jobId*/evaluate": evaluateJob,
  "PUT /v1/job/:jobId*/revert": revertJob,
  "PUT /v1/job/:jobId*/stable": markStable,
  "PUT /v1/job/:jobId*/versions/:tag/tag": tagVersion,
  "DELETE /v1/job/:jobId*/versions/:tag/tag": untagVersion,
  "GET /v1/job/:jobId*/versions": listVersions,
  "GET /v1/job/:jobId*/submission": readSubmission,
  "GET /v1/job/:jobId*/summary": readSummary,
  "GET /v1/job/:jobId*/actions": listActions,
  "GET /v1/job/:jobId*/evaluations": listJobEvaluations,
  "GET /v1/job/:jobId*/deployments": listJobDeployments,
  "GET /v1/job/:jobId*/deployment": readLatestDeployment,
  "GET /v1/evaluations": listEvaluations,
  "GET /v1/evaluations/count": countEvaluations,
  "GET /v1/evaluation/:evalId": readEvaluation,
  "GET /v1/evaluation/:evalId/allocations": listEvaluationAllocations,
  "GET /v1/deployments": listDeployments,
  "GET /v1/deployment/:deploymentId": readDeployment,
  "GET /v1/deployment/allocations/:deploymentId": listDeploymentAllocations,
  "PUT /v1/deployment/fail/:deploymentId": failDeployment,
  "PUT /v1/deployment/pause/:deploymentId": pauseDeployment,
  "PUT /v1/deployment/promote/:deploymentId": promoteDeployment,
  "PUT /v1/deployment/unblock/:deploymentId": unblockDeployment,
  "PUT /v1/deployment/allocation-health/:deploymentId": setAllocationHealth,
  "PUT /v1/allocation/:allocId/stop": stopAllocation,
  "PUT /v1/system/gc": collectGarbage,
};
