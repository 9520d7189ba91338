"""One function for each effect. Quick ones act and return; heavy ones return the part that computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.daemon.handlers import (
    catching_up,
    checkpoints,
    compaction,
    judging,
    masked,
    revocations,
    rounds,
    training,
)
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.services import Services
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState

Handler = Callable[[Services, NodeState, Any], Job | None]

HANDLERS: dict[type[fx.Effect], Handler] = {
    fx.PublishPrekeys: rounds.publish_prekeys,
    fx.DiscardPrekeys: rounds.discard_prekeys,
    fx.PassRound: rounds.pass_round,
    fx.TrainUpdate: training.train,
    fx.SubmitUpdate: training.submit,
    fx.PrepareMasks: masked.prepare,
    fx.AnnounceMask: masked.announce,
    fx.DealShares: masked.deal,
    fx.CheckMasked: masked.check,
    fx.SendMasked: masked.send,
    fx.RevealShares: masked.reveal,
    fx.SumMasked: masked.sum_up,
    fx.ReleaseUpdate: training.release,
    fx.CollectUpdates: judging.collect,
    fx.JudgeUpdates: judging.judge,
    fx.CommitVerdicts: judging.commit_verdicts,
    fx.RevealVerdicts: judging.reveal_verdicts,
    fx.CloseRound: rounds.close,
    fx.SettleKeys: rounds.settle_keys,
    fx.EvaluateManifest: rounds.evaluate,
    fx.AttestCheckpoint: checkpoints.attest,
    fx.RelayCheckpoint: checkpoints.relay,
    fx.PublishAwards: checkpoints.publish_awards,
    fx.ClaimAward: checkpoints.claim,
    fx.SettleRevocation: revocations.settle,
    fx.RecordAffected: revocations.record_affected,
    fx.RecordReplacement: revocations.record_replacement,
    fx.MeasureRevocation: revocations.measure,
    fx.RecordVerification: revocations.record_verification,
    fx.EndorseCertificate: revocations.endorse,
    fx.RenewEndorsement: revocations.endorse,
    fx.ShredUpdates: revocations.shred,
    fx.AskCatchUp: catching_up.ask,
    fx.OpenCatchUp: catching_up.open_answer,
    fx.AnswerCatchUp: catching_up.answer,
    fx.SettleCatchUp: catching_up.settle,
    fx.ForgetAnswer: catching_up.forget,
    fx.CompareCompaction: compaction.compare,
    fx.SettleCompaction: compaction.settle,
}

__all__ = ["HANDLERS", "Handler", "Job"]
