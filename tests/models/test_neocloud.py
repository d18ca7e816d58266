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
    assert cloud.debt.values.tolist() == pytest.approx([28e6, 42e6, 14e6, 0, 0, 0])
    assert cloud.interest.values.tolist() == pytest.approx([0, 0.7e6, 1.05e6, 0.35e6, 0, 0])


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
    borrowed = cloud.debt.diff("period", label="upper")
    cash = cloud.revenue - (costs - cloud.depreciation) - cloud.interest - 1e5 - cloud.tax
    np.testing.assert_allclose(
        cloud.cash_flow[1:], (cash - cloud.capital_expenditure)[1:] + borrowed, atol=1e-6
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
    with pytest.raises(TypeError, match="pue must be a number"):
        ob.models.neocloud(**CLOUD | {"pue": "1.25"})


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
    ],
)
def test_what_cannot_be_is_nan_and_warns(name: str, value: object) -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        cloud = ob.models.neocloud(**CLOUD | {name: value})
    assert np.isnan(cloud.net_income).any()
