"""The contract between Fleet Platform and its plugins.

A plugin imports this package, its own libraries and nothing of ``fleet_platform``. The version is counted by
itself: the first number changes when a plugin written for the former one may stop working.
"""

from plugin_sdk.components import (
    Action,
    ComponentType,
    ComponentView,
    EntitySpec,
    FieldKind,
    MeasuredField,
    Parameter,
    WebhookAttribute,
    WebhookEvent,
)
from plugin_sdk.contributions import (
    AdmissionRule,
    AuthProvider,
    Command,
    Decision,
    EventType,
    HookSpecs,
    Metadata,
    Method,
    Migrations,
    Panel,
    Policy,
    Route,
    Service,
    Settings,
    Sink,
)
from plugin_sdk.destinations import expand
from plugin_sdk.fleet import Device, Devices, EventStream, Fleet, HttpClient, HttpResponse, KeyValue, Sql
from plugin_sdk.hookspecs import hookimpl, hookspec
from plugin_sdk.jobs import JobStep, JobType, SkipDevice
from plugin_sdk.pace import Pace
from plugin_sdk.values import (
    JSON,
    Call,
    Candidate,
    ComponentKey,
    DeviceId,
    Entity,
    Event,
    JSONObject,
    Presence,
    Principal,
    Verdict,
    component_id,
    component_type,
)

__version__ = "0.1.0"

__all__ = [
    "JSON",
    "Action",
    "AdmissionRule",
    "AuthProvider",
    "Call",
    "Candidate",
    "Command",
    "ComponentKey",
    "ComponentType",
    "ComponentView",
    "Decision",
    "Device",
    "DeviceId",
    "Devices",
    "Entity",
    "EntitySpec",
    "Event",
    "EventStream",
    "EventType",
    "FieldKind",
    "Fleet",
    "HookSpecs",
    "HttpClient",
    "HttpResponse",
    "JSONObject",
    "JobStep",
    "JobType",
    "KeyValue",
    "MeasuredField",
    "Metadata",
    "Method",
    "Migrations",
    "Pace",
    "Panel",
    "Parameter",
    "Policy",
    "Presence",
    "Principal",
    "Route",
    "Service",
    "Settings",
    "Sink",
    "SkipDevice",
    "Sql",
    "Verdict",
    "WebhookAttribute",
    "WebhookEvent",
    "component_id",
    "component_type",
    "expand",
    "hookimpl",
    "hookspec",
]
