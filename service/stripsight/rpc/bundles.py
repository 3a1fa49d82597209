"""The bundle service: translates, and nothing else."""

from datetime import datetime

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from stripsight.bundle.shelf import Found
from stripsight.changes.asked import ChangeAsked
from stripsight.changes.changer import BundleChanger
from stripsight.changes.listing import State
from stripsight.inspection.v1 import bundle_service_pb2 as pb
from stripsight.inspection.v1.bundle_service_pb2_grpc import BundleServiceServicer
from stripsight.live import LiveBundle
from stripsight.rpc.access import peer_name

_STATES = {member: pb.BundleState.Value(f"BUNDLE_STATE_{member}") for member in State}


class BundleServicer(BundleServiceServicer):
    """Hands changes to a changer. Errors are turned into status by the interceptor."""

    def __init__(self, changer: BundleChanger) -> None:
        """Answer for `changer`."""
        self._changer = changer

    def ListBundles(self, request: pb.ListBundlesRequest, context: grpc.ServicerContext) -> pb.ListBundlesResponse:
        """List what is there."""
        now, before, found = self._changer.listed()
        lives = [_live(now, State.ACTIVE), *([_live(before, State.PREVIOUS)] if before else [])]
        listed = {info.bundle_id for info in lives}
        others = [_found(one) for one in found if one.bundle_id not in listed]
        return pb.ListBundlesResponse(bundles=[*lives, *others])

    def ActivateBundle(
        self, request: pb.ActivateBundleRequest, context: grpc.ServicerContext
    ) -> pb.ActivateBundleResponse:
        """Make a bundle the one that serves."""
        done = self._changer.activate(request.bundle_id, _asked(request, context))
        return pb.ActivateBundleResponse(bundle=_live(done.live, State.ACTIVE), record_seq=done.seq)

    def RollBackBundle(
        self, request: pb.RollBackBundleRequest, context: grpc.ServicerContext
    ) -> pb.RollBackBundleResponse:
        """Make the bundle that served before the one that serves."""
        done = self._changer.roll_back(_asked(request, context))
        return pb.RollBackBundleResponse(bundle=_live(done.live, State.ACTIVE), record_seq=done.seq)


def _asked(request: pb.ActivateBundleRequest | pb.RollBackBundleRequest, context: grpc.ServicerContext) -> ChangeAsked:
    return ChangeAsked(request.who, request.why, request.despite_open_lot, peer_name(context))


def _live(one: LiveBundle, state: State) -> pb.BundleInfo:
    info = pb.BundleInfo(
        bundle_id=one.bundle.bundle_id,
        product=one.bundle.recipe.product.name,
        state=_STATES[state],
        activated_by=one.activated_by,
        signature_trusted=one.bundle.signature_trusted,
    )
    if state is State.ACTIVE and one.since is not None:
        info.active_since.CopyFrom(_time(one.since))
    return info


def _found(one: Found) -> pb.BundleInfo:
    return pb.BundleInfo(
        bundle_id=one.bundle_id,
        product=one.terms.product if one.terms else "",
        state=_STATES[State.AVAILABLE],
        signature_trusted=one.signature_trusted,
        problem=one.problem,
    )


def _time(moment: datetime) -> Timestamp:
    time = Timestamp()
    time.FromDatetime(moment)
    return time
