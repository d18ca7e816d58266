"""The income statement of a GPU cloud: by hand, by identities, over draws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import overbuild as ob

CLOUD = {
    "deliveries": xr.DataArray([1000.0, 1000, 0, 0, 0, 0], dims="period"),
    "price": xr.DataArray([2.5, 2.4, 2.3, 2.2, 2.1, 2.0], dims="period"),
    "cost_per_gpu": 40_000,
    "life": 4,
    "hours": 2_190,
    "committed_share": 0.9,
    "contract_term": 2,
    "contract_discount": 0.1,
    "on_demand_utilization": 0.5,
    "kw_per_gpu": 1.3,
    "pue": 1.25,
    "power_price": 80,
    "lease_per_mw": 400_000,
    "other_operating_cost": 1e6,
    "debt_share": 0.7,
    "debt_rate": 0.025,
    "debt_term": 2,
    "other_items": -1e5,
    "tax_rate": 0.21,
    "residual_share": 0.1,
}


def test_a_statement_by_hand() -> None:
    cloud = ob.models.neocloud(**CLOUD)
    assert cloud.fleet.values.tolist() == [1000, 2000, 2000, 2000, 1000, 0]
    first, second = 900 * 2.5 * 0.9 * 2_190, 900 * 2.4 * 0.9 * 2_190
    assert cloud.committed_revenue.values.tolist() == pytest.approx(
        [first, first + second, second, 0, 0, 0]
    )
    # In the third period the first vintage's contract has run out.
    gpus = np.array([100, 200, 1100, 2000, 1000, 0])
    expected = gpus * 0.5 * 2_190 * CLOUD["price"].values
    np.testing.assert_allclose(cloud.on_demand_revenue, expected)
    assert cloud.utilization.values[:3].tolist() == pytest.approx([0.95, 0.95, 0.725])
    assert cloud.power.values[1] == pytest.approx(2000 * 1.3 * 1.25 / 1e3)
    assert cloud.depreciation.values.tolist() == pytest.approx([9e6, 18e6, 18e6, 18e6, 9e6, 0])
    assert cloud.book_value.values[-1] == pytest.approx(8e6)
    # Drawn at the beginning of the first two periods, 28m each, repaid at the end of two.
    assert cloud.debt.values.tolist() == pytest.approx([14e6, 14e6, 0, 0, 0, 0])
    assert cloud.interest.values.tolist() == pytest.approx([0.7e6, 1.05e6, 0.35e6, 0, 0, 0])
    flows = np.zeros(7)
    flows[:2] -= 40e6
    flows[1:] += cloud.revenue - cloud.energy - cloud.lease - 1e6
    flows[-1] += 8e6
    assert cloud.fleet_irr == pytest.approx(float(ob.capex.irr(flows)), rel=1e-12)


def test_the_lines_add_up() -> None:
    with np.errstate(invalid="ignore"):
        cloud = ob.models.neocloud(**CLOUD)
    costs = cloud.energy + cloud.lease + 1e6 + cloud.depreciation
    np.testing.assert_allclose(cloud.operating_income, cloud.revenue - costs)
    np.testing.assert_allclose(
        cloud.net_income, cloud.operating_income - cloud.interest - 1e5 - cloud.tax
    )
    assert ((cloud.tax == 0) == (cloud.pretax_income <= 0)).all()
    # Cash is what comes in, less what is paid, plus what is borrowed.
    borrowed = np.diff(cloud.debt, prepend=0.0)
    cash = cloud.revenue - (costs - cloud.depreciation) - cloud.interest - 1e5 - cloud.tax
    np.testing.assert_allclose(
        cloud.cash_flow, cash - cloud.capital_expenditure + borrowed, atol=1e-6
    )
    # At break-even utilization the price earned covers all cost and interest.
    earned = cloud.break_even * cloud.capacity * cloud.revenue / cloud.billed
    np.testing.assert_allclose(earned[:5], (costs + cloud.interest)[:5])


def test_scaling_the_fleet_scales_money_and_leaves_rates_alone() -> None:
    small = ob.models.neocloud(**CLOUD | {"tax_rate": 0.0})
    large = {
        "deliveries": 10 * CLOUD["deliveries"],
        "other_operating_cost": 1e7,
        "other_items": -1e6,
        "tax_rate": 0.0,
    }
    ten = ob.models.neocloud(**CLOUD | large)
    for name, values in small.items():
        money = values.attrs["unit"] in ("USD", "GPU", "MW", "GPU-hour")
        np.testing.assert_allclose(ten[name], values * (10 if money else 1), rtol=1e-9, atol=1e-6)


def test_generations_add_up_and_draws_broadcast() -> None:
    one = ob.models.neocloud(**CLOUD)
    halves = xr.concat([CLOUD["deliveries"] / 2] * 2, "generation")
    two = ob.models.neocloud(**CLOUD | {"deliveries": halves})
    xr.testing.assert_allclose(one, two)
    price = CLOUD["price"] * xr.DataArray([1.0, 0.5], dims="draw")
    life = xr.DataArray([4.0, 3.0], dims="draw")
    drawn = ob.models.neocloud(**CLOUD | {"price": price, "life": life})
    for name in one:
        np.testing.assert_allclose(drawn[name].isel(draw=0, missing_dims="ignore"), one[name])
    assert drawn.fleet_irr.dims == ("draw",)
    assert drawn.fleet_irr[1] < drawn.fleet_irr[0]


def test_a_machine_that_earns_thirty_for_four_periods() -> None:
    one = {
        "deliveries": xr.DataArray([1.0, 0, 0, 0], dims="period"),
        "price": 30.0,
        "cost_per_gpu": 100.0,
        "hours": 1.0,
        "committed_share": 1.0,
        "contract_term": 4,
        "contract_discount": 0.0,
        "kw_per_gpu": 0.0,
        "other_operating_cost": 0.0,
        "residual_share": 0.0,
    }
    cloud = ob.models.neocloud(**CLOUD | one)
    assert cloud.fleet_irr == pytest.approx(float(ob.capex.irr([-100, 30, 30, 30, 30])))


def test_generations_with_terms_of_their_own_add_up() -> None:
    def of(values):
        return xr.DataArray(values, dims="generation", coords={"generation": ["old", "new"]})

    both = {
        "deliveries": CLOUD["deliveries"] * of([1.0, 0.5]),
        "cost_per_gpu": of([40_000.0, 60_000.0]),
        "life": of([3.0, 4.0]),
        "committed_share": of([0.9, 0.4]),
        "contract_term": of([0.0, 2.0]),
        "kw_per_gpu": of([1.3, 1.9]),
        "residual_share": of([0.1, 0.2]),
        "debt_share": of([0.7, 0.2]),
        "debt_rate": of([0.02, 0.03]),
        "debt_term": of([2.0, 3.0]),
        "price": CLOUD["price"] * of([1.0, 1.6]),
        "other_operating_cost": 0.0,
        "other_items": 0.0,
        "tax_rate": 0.0,
    }
    with np.errstate(invalid="ignore"):
        whole = ob.models.neocloud(**CLOUD | both)
        parts = [
            ob.models.neocloud(
                **CLOUD
                | {
                    name: value.sel(generation=one, drop=True) if hasattr(value, "dims") else value
                    for name, value in both.items()
                }
            )
            for one in ("old", "new")
        ]
    for name, values in whole.items():
        if values.attrs["unit"] in ("USD", "GPU", "MW", "GPU-hour"):
            np.testing.assert_allclose(values, parts[0][name] + parts[1][name], atol=1e-6)


def test_arrays_without_names_run_along_period() -> None:
    price = CLOUD["price"].values
    many = xr.DataArray(np.linspace(0.5, 1.0, 6), dims="draw")
    found = ob.models.neocloud(**CLOUD | {"price": price, "committed_share": many})
    named = ob.models.neocloud(**CLOUD | {"committed_share": many})
    xr.testing.assert_identical(found, named)


def test_a_study_of_it() -> None:
    inputs = CLOUD | {"price": ob.between(2.0, 3.0), "life": ob.triangular(3, 4, 5)}
    result = ob.Study(ob.models.neocloud, inputs).run(draws=256, seed=1)
    table = result.summary()
    assert table.loc["fleet_irr", "unit"] == "share a period"
    assert table.loc["revenue[period=1]", "P5"] < table.loc["revenue[period=1]", "P95"]


def test_errors_name_the_argument() -> None:
    with pytest.raises(TypeError, match="deliveries must be a DataArray, got list"):
        ob.models.neocloud(**CLOUD | {"deliveries": [1, 2]})
    with pytest.raises(ValueError, match="deliveries must have dimension 'period'; there are: q"):
        ob.models.neocloud(**CLOUD | {"deliveries": CLOUD["deliveries"].rename(period="q")})
    for name in ("pue", "price", "life"):
        with pytest.raises(TypeError, match=f"{name} must be a number"):
            ob.models.neocloud(**CLOUD | {name: "1.25"})
    generations = xr.concat([CLOUD["deliveries"]] * 2, "generation")
    labelled = generations.assign_coords(generation=["h100", "gb200"])
    other = xr.DataArray([4e4, 6e4], dims="generation", coords={"generation": ["h100", "GB200"]})
    for name, value, message in [
        ("price", generations, "price has dimension 'generation', which deliveries has not"),
        ("life", CLOUD["price"], "life is one number for all of 'period'"),
        ("price", CLOUD["price"][:4], "deliveries and price have different labels or lengths"),
        ("price", [2.0, 3.0], "deliveries and price have different labels or lengths"),
        ("price", np.ones((2, 6)), "price has 2 axes without names"),
    ]:
        with pytest.raises(ValueError, match=message):
            ob.models.neocloud(**CLOUD | {name: value})
    with pytest.raises(ValueError, match="deliveries and cost_per_gpu have different labels"):
        ob.models.neocloud(**CLOUD | {"deliveries": labelled, "cost_per_gpu": other})
    with pytest.raises(ValueError, match="hours is one number for all of 'generation'"):
        ob.models.neocloud(**CLOUD | {"deliveries": labelled, "hours": labelled})
    with pytest.raises(ValueError, match="arguments have different labels"):
        ob.models.neocloud(
            **CLOUD
            | {
                "pue": xr.DataArray([1.1], dims="scenario", coords={"scenario": ["bear"]}),
                "tax_rate": xr.DataArray([0.1], dims="scenario", coords={"scenario": ["bull"]}),
            }
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deliveries", -CLOUD["deliveries"]),
        ("price", -1.0),
        ("cost_per_gpu", -1.0),
        ("hours", -1.0),
        ("committed_share", 62.0),
        ("contract_discount", 1.5),
        ("on_demand_utilization", 1.01),
        ("debt_share", -0.1),
        ("residual_share", 2.0),
        ("tax_rate", 21.0),
        ("contract_term", CLOUD["life"] + 1.0),
        ("life", -4.0),
        ("pue", 0.9),
        ("debt_term", 2.5),
        ("lease_per_mw", -1.0),
        ("debt_rate", -2.0),
        ("other_operating_cost", -1e6),
    ],
)
def test_what_cannot_be_is_nan_and_warns(name: str, value: object) -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        cloud = ob.models.neocloud(**CLOUD | {name: value})
    assert np.isnan(cloud.net_income).any()
