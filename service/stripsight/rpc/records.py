"""The record service: translates, and nothing else."""

from collections.abc import Iterator

import grpc

from stripsight.inspection.v1.record_service_pb2 import (
    GetInspectionRequest,
    GetInspectionResponse,
    ListInspectionsRequest,
    ListInspectionsResponse,
    WatchInspectionsRequest,
    WatchInspectionsResponse,
    WatchStarted,
)
from stripsight.inspection.v1.record_service_pb2_grpc import RecordServiceServicer
from stripsight.rpc import read_records, write_records
from stripsight.rpc.viewing import ServedViews


class RecordServicer(RecordServiceServicer):
    """Shows inspections as they are answered, and those on record. The interceptor turns errors into status."""

    def __init__(self, views: ServedViews) -> None:
        """Show what `views` has."""
        self._views = views

    def WatchInspections(
        self, request: WatchInspectionsRequest, context: grpc.ServicerContext
    ) -> Iterator[WatchInspectionsResponse]:
        """Send every inspection from now on."""
        with self._views.hub.view(read_records.picture_options(request.pictures)) as view:
            if not context.add_callback(view.leave):
                return
            yield WatchInspectionsResponse(started=WatchStarted(record_seq=self._views.last_seq))
            for event, skipped in view.messages():
                yield write_records.after_skipped(event, skipped)

    def ListInspections(
        self, request: ListInspectionsRequest, context: grpc.ServicerContext
    ) -> ListInspectionsResponse:
        """List a page of inspections."""
        wanted, count = read_records.wanted(request), read_records.page_size(request)
        found, token = self._views.records.page(wanted, count, request.page_token)
        return ListInspectionsResponse(inspections=map(write_records.recorded_inspection, found), next_page_token=token)

    def GetInspection(self, request: GetInspectionRequest, context: grpc.ServicerContext) -> GetInspectionResponse:
        """Tell all about one inspection."""
        which, wish = read_records.which(request), read_records.picture_options(request.pictures)
        records = self._views.records
        found = records.one(which)
        response = GetInspectionResponse(inspection=write_records.recorded_inspection(found))
        if wish is not None:
            pictures = records.ask(lambda: self._views.gallery.draw(found, wish))
            response.pictures.CopyFrom(write_records.pictures_message(pictures))
        return response
