"""Energy meters of one and of three phases, and what they have recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_platform.simulator import Device, Simulator
from fleet_shelly.simulation.supply import neutral_amps
from tests.simulator.asking import error_code

if TYPE_CHECKING:
    from tests.simulator.conftest import Home

WEEK_S = 7 * 86_400


def this_minute(device: Device) -> int:
    """The beginning of the device's minute."""
    return int(device.now()) // 60 * 60


async def read_all(home: Home, device: Device, method: str, **params: Any) -> list[tuple[int, list[float]]]:
    """All records, page by page, as a client reads them."""
    rows: list[tuple[int, list[float]]] = []
    while True:
        page = await home.call(device.id, method, id=0, **params)
        for block in page["data"]:
            rows += [(block["ts"] + at * block["period"], row) for at, row in enumerate(block["values"])]
        if "next_record_ts" not in page:
            return rows
        params["ts"] = page["next_record_ts"]


# ---- what they measure ----------------------------------------------------------------------------------


async def test_three_phases_add_up(sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    for _ in range(5):
        sim.advance(60)
        em, data = device.status("em:0"), device.status("emdata:0")
        for name in ("current", "act_power", "aprt_power"):
            assert em[f"total_{name}"] == pytest.approx(sum(em[f"{phase}_{name}"] for phase in "abc"), abs=0.01)
        assert data["total_act"] == pytest.approx(sum(data[f"{phase}_total_act_energy"] for phase in "abc"), abs=0.01)
        for phase in "abc":
            apparent = em[f"{phase}_aprt_power"]
            assert apparent == pytest.approx(em[f"{phase}_voltage"] * em[f"{phase}_current"], rel=0.01, abs=0.2)
            assert abs(em[f"{phase}_act_power"]) == pytest.approx(apparent * em[f"{phase}_pf"], rel=0.02, abs=0.2)


async def test_a_load_can_be_put_on_one_phase_or_on_all(sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    device.press("em:0", "load 300")
    device.press("em:0", "load b 2000")
    em = device.status("em:0")
    powers = [em[f"{phase}_act_power"] for phase in "abc"]
    assert powers == [pytest.approx(300, rel=0.03), pytest.approx(2000, rel=0.03), pytest.approx(300, rel=0.03)]
    assert em["total_act_power"] == pytest.approx(2600, rel=0.03)
    with pytest.raises(ValueError, match="cannot be pressed"):
        device.press("em:0", "load toaster")


async def test_a_clamp_that_is_turned_round_measures_what_feeds_back(sim: Simulator) -> None:
    device = await sim.add("EMG3")
    device.press("em1:0", "load 1200")
    device.set_config("em1:0", {"reverse": True})
    sim.advance(121)
    before = device.status("em1data:0")["total_act_ret_energy"]
    sim.advance(300)
    assert device.status("em1:0")["act_power"] == pytest.approx(-1200, rel=0.03)
    assert device.status("em1data:0")["total_act_ret_energy"] - before == pytest.approx(100, rel=0.03)


async def test_a_wire_can_come_loose(sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    device.press("em:0", "lose b")
    em = device.status("em:0")
    assert [em[f"b_{name}"] for name in ("voltage", "current", "act_power", "pf", "freq")] == [0] * 5
    assert em["a_voltage"] > 200
    device.press("em:0", "find b")
    assert em["b_voltage"] > 200
    assert em["b_freq"] == 50


async def test_swapped_wires_are_noticed_where_they_are_looked_for(sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    device.press("em:0", "phase_sequence wrong")
    assert "errors" not in device.status("em:0")
    device.set_config("em:0", {"monitor_phase_sequence": True})
    device.press("em:0", "phase_sequence wrong")
    assert device.status("em:0")["errors"] == ["phase_sequence"]
    device.press("em:0", "phase_sequence right")
    assert "errors" not in device.status("em:0")


def test_equal_currents_cancel_out_in_the_neutral() -> None:
    assert neutral_amps(5, 5, 5) == 0
    assert neutral_amps(5, 0, 0) == 5
    assert neutral_amps(5, 5, 0) == pytest.approx(5)


async def test_a_measured_neutral_follows_the_phases(sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    assert device.status("em:0").get("n_current") is None
    device.press("em:0", "neutral 0.5")
    device.press("em:0", "load 400")
    device.press("em:0", "load a 2700")
    em = device.status("em:0")
    assert em["n_current"] == pytest.approx(em["a_current"] - em["b_current"], rel=0.05)


async def test_phases_can_be_calibrated_by_one_another(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    assert await home.call(device.id, "EM.PhaseToPhaseCalib", id=0, base_phase="a", phase="c") is None
    assert device.status("em:0")["user_calibrated_phase"] == ["c"]
    assert await error_code(home, device, "EM.PhaseToPhaseCalib", id=0, base_phase="a", phase="a") == -103
    await home.call(device.id, "EM.PhaseToPhaseCalibReset", id=0, phase="c")
    assert device.status("em:0")["user_calibrated_phase"] == []
    single = await sim.add("EMG3")
    await home.call(single.id, "EM1.CalibrateFrom", id=0, id_src=1)
    assert single.status("em1:0")["calibration"] == "em1:1"
    assert await error_code(home, single, "EM1.CalibrateFrom", id=0, id_src=7) == -105
    await home.call(single.id, "EM1.RevertToFactoryCalibration", id=0)
    assert single.status("em1:0")["calibration"] == "factory"


# ---- what they recorded ---------------------------------------------------------------------------------


async def test_each_minute_is_told_and_recorded(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    started = this_minute(device)
    totals = dict(device.status("emdata:0"))
    sim.advance(300)
    await home.until(lambda: sum(event["event"] == "data" for event in home.events(device.id)) == 5)
    told = [event["data"] for event in home.events(device.id) if event["event"] == "data"]
    assert [block["ts"] for block in told] == [told[0]["ts"] + 60 * at for at in range(5)]
    recorded = dict(await read_all(home, device, "EMData.GetData", ts=started - 60))
    for block in told:
        assert block["values"] == [recorded[block["ts"]]]
    used = sum(block["values"][0][0] for block in told)
    assert device.status("emdata:0")["a_total_act_energy"] - totals["a_total_act_energy"] == pytest.approx(
        used, abs=0.1
    )


async def test_a_record_holds_what_its_keys_say(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    device.press("em:0", "load 1200")
    sim.advance(180)
    page = await home.call(device.id, "EMData.GetData", id=0, ts=this_minute(device) - 60)
    assert len(page["keys"]) == 51
    assert page["keys"][:16] == [
        "a_total_act_energy",
        "a_fund_act_energy",
        "a_total_act_ret_energy",
        "a_fund_act_ret_energy",
        "a_lag_react_energy",
        "a_lead_react_energy",
        "a_max_act_power",
        "a_min_act_power",
        "a_max_aprt_power",
        "a_min_aprt_power",
        "a_max_voltage",
        "a_min_voltage",
        "a_avg_voltage",
        "a_max_current",
        "a_min_current",
        "a_avg_current",
    ]
    assert page["keys"][-3:] == ["n_max_current", "n_min_current", "n_avg_current"]
    (block,) = page["data"]
    assert block["period"] == 60
    record = dict(zip(page["keys"], block["values"][0], strict=True))
    assert record["a_total_act_energy"] == 20
    assert record["a_min_act_power"] < 1200 < record["a_max_act_power"]
    assert record["a_min_voltage"] < record["a_avg_voltage"] < record["a_max_voltage"]
    assert record["a_min_current"] < record["a_avg_current"] < record["a_max_current"]
    assert record["a_total_act_ret_energy"] == 0


async def test_a_record_of_one_phase_is_shorter(home: Home, sim: Simulator) -> None:
    device = await sim.add("EMG3")
    page = await home.call(device.id, "EM1Data.GetData", id=1, ts=this_minute(device) - 120)
    assert len(page["keys"]) == 14
    assert page["keys"][:4] == ["total_act_energy", "total_act_ret_energy", "lag_react_energy", "lead_react_energy"]
    assert {len(row) for row in page["data"][0]["values"]} == {14}


async def test_a_week_can_be_read_page_by_page(home: Home, sim: Simulator) -> None:
    device = await sim.add("EMG3")
    end = this_minute(device)
    rows = await read_all(home, device, "EM1Data.GetData", ts=end - WEEK_S, end_ts=end - 60, add_keys=False)
    assert [ts for ts, _ in rows] == list(range(end - WEEK_S, end, 60))
    assert rows[:5] == await read_all(home, device, "EM1Data.GetData", ts=end - WEEK_S, end_ts=end - WEEK_S + 299)
    by_hour = [sum(row[0] + row[1] for _, row in rows[at : at + 60]) for at in range(0, len(rows), 60)]
    assert max(by_hour) > 2 * min(by_hour)


async def test_a_page_tells_where_the_next_begins(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    start = this_minute(device) - 86_400
    page = await home.call(device.id, "EMData.GetData", id=0, ts=start, add_keys=False)
    assert "keys" not in page
    (block,) = page["data"]
    assert block["ts"] == start
    assert page["next_record_ts"] == start + 60 * len(block["values"])
    last = await home.call(device.id, "EMData.GetData", id=0, ts=this_minute(device) - 120)
    assert "next_record_ts" not in last
    assert len(last["data"][0]["values"]) == 2
    assert (await home.call(device.id, "EMData.GetData", id=0, ts=this_minute(device) + 600))["data"] == []


async def test_there_are_sixty_days_of_records_until_they_are_deleted(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    (block,) = (await home.call(device.id, "EMData.GetRecords", id=0))["data_blocks"]
    assert block == {"ts": this_minute(device) - 60 * 86_400, "period": 60, "records": 86_400}
    (rest,) = (await home.call(device.id, "EMData.GetRecords", id=0, ts=this_minute(device) - 600))["data_blocks"]
    assert rest["records"] == 10
    assert await home.call(device.id, "EMData.DeleteAllData", id=0) is None
    assert (await home.call(device.id, "EMData.GetRecords", id=0))["data_blocks"] == []
    assert (await home.call(device.id, "EMData.GetData", id=0, ts=0))["data"] == []
    sim.advance(180)
    assert (await home.call(device.id, "EMData.GetRecords", id=0))["data_blocks"][0]["records"] == 3


@pytest.mark.parametrize("period", [300, 900, 1800, 3600])
async def test_net_energies_are_sums_of_minutes(period: int, home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    start = this_minute(device) // 3600 * 3600 - 7200
    page = await home.call(device.id, "EMData.GetNetEnergies", id=0, ts=start, end_ts=start + 7199, period=period)
    assert page["keys"] == ["a_net_act_energy", "b_net_act_energy", "c_net_act_energy"]
    (block,) = page["data"]
    assert (block["ts"], block["period"], len(block["values"])) == (start, period, 7200 // period)
    minutes = await read_all(home, device, "EMData.GetData", ts=start, end_ts=start + period - 60)
    assert len(minutes) == period // 60
    assert block["values"][0][0] == pytest.approx(sum(row[0] - row[2] for _, row in minutes), abs=0.01)


async def test_net_energies_need_a_period_that_is_known(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    assert await error_code(home, device, "EMData.GetNetEnergies", id=0, ts=0, period=60) == -103
    assert await error_code(home, device, "EMData.GetNetEnergies", id=0, ts=0) == -103


async def test_totals_can_be_set_back_and_records_stay(home: Home, sim: Simulator) -> None:
    device = await sim.add("Pro3EM")
    assert await home.call(device.id, "EMData.ResetCounters", id=0) is None
    assert {value for name, value in device.status("emdata:0").items() if name != "id"} == {0}
    assert (await home.call(device.id, "EMData.GetRecords", id=0))["data_blocks"][0]["records"] == 86_400


async def test_a_load_of_today_does_not_change_yesterday(home: Home, sim: Simulator) -> None:
    device = await sim.add("EMG3")
    yesterday = {"ts": this_minute(device) - 86_400, "end_ts": this_minute(device) - 86_400 + 3540}
    before = await read_all(home, device, "EM1Data.GetData", **yesterday)
    device.press("em1:0", "load solar 3000")
    sim.advance(120)
    assert await read_all(home, device, "EM1Data.GetData", **yesterday) == before
    device.power.restart(0.5)
    sim.advance(1)
    await device.disconnected()
    await device.connected()
    assert await read_all(home, device, "EM1Data.GetData", **yesterday) == before
