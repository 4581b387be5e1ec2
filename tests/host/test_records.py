from __future__ import annotations

import json

import pytest

from fleet_platform.host.records import PluginRecord


def admitted() -> PluginRecord:
    record = PluginRecord(name="plugin", distribution="acme", version="1.0", clock=iter(range(100)).__next__)
    record.admit()
    record.started()
    return record


def test_plugin_is_as_ill_as_its_worst_part() -> None:
    record = admitted()
    assert record.state == "running"
    record.fault("sink a", "A is away.")
    assert (record.state, record.reason) == ("degraded", "A is away.")
    record.fault("lifespan", "It hangs.", essential=True)
    assert (record.state, record.reason) == ("failed", "It hangs.")
    record.mend("lifespan")
    assert (record.state, record.reason) == ("degraded", "A is away.")
    record.mend("sink a")
    assert (record.state, record.reason) == ("running", None)


def test_time_of_the_state_changes_only_with_the_state() -> None:
    record = admitted()
    since = record.since
    record.fault("sink a", "One thing.")
    assert record.since > since
    since = record.since
    record.fault("sink b", "Another thing.")
    record.fault("sink a", "Worse.")
    assert record.since == since


def test_what_takes_no_part_has_no_faults() -> None:
    record = admitted()
    record.rule_out("disabled", "Switched off.")
    record.fault("sink a", "Late news.")
    record.mend("sink a")
    assert (record.state, record.reason) == ("disabled", "Switched off.")


def test_secrets_appear_neither_in_reason_nor_in_traceback(caplog: pytest.LogCaptureFixture) -> None:
    record = admitted()
    secret = "postgresql://fleet:hunter2@db/fleet"
    error = ConnectionError(secret)
    record.fault("lifespan", f"Failed: {error}", essential=True, error=error)
    record.rule_out("quarantined", secret, secret)
    assert "hunter2" not in json.dumps(record.to_json(traceback=True)) + caplog.text


def test_counters_are_flat_numbers() -> None:
    record = admitted()
    record.sinks["mqtt"] = record.tally.__class__(written=3)
    record.restarts = 2
    assert record.counters["sink_mqtt_written"] == 3
    assert record.counters["restarts"] == 2
    assert record.counters["calls"] == 0
    assert record.to_json()["sinks"] == {"mqtt": {"written": 3}}
