r"""Random economies of collateralised credit, far from the papers.

Households must have something of every good at every node (assumption A2 of the source), and
somebody must like every good at every node, or it has no price; everything else is drawn from
ranges that reach far out.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.robustness.drawn import Drawn
from markets.quote import FloatArray
from scenarios.credit.parameters import CreditTree
from simulator.run import Run

RANGES: Mapping[str, str] = {
    "tree": "1 to 3 nodes at date 1, each with 1 or 2 successors",
    "goods": "1 or 2",
    "keeps": "0, .2, .3, .5, .9, 1 or 1.2 of each good, or a matrix with transformations",
    "contracts": "0 to 2 of date 0, 0 or 1 at each node of date 1; collateral 10^-1 to 10^0.7",
    "coupons": "real (any node and good may pay zero), fixed rate, nominal; rates .001 to .6",
    "prepayment": "real, backward, forward (coupons or deliveries, discount .2 to 1)",
    "households": "2 to 5, in one draw of four 6 to 30; in one of four all linear",
    "endowments": "10^-0.5 to 10^0.5 per good and node, next to nothing (.001) in one of eight",
    "weights": "10^-1.5 to 10^0.5, zero in one of twelve",
    "risk_aversion": "0, .2, .5, 1, 2 or 5",
    "start": "primitives or random",
}

NOTHING = "0.001"
"""An endowment that is next to nothing; without any, assumption A2 fails."""

HELD = 1e-7
"""Share of wealth from which a part of a plan counts as held."""

SHARES = (0.0, 0.2, 0.3, 0.5, 0.9, 1.0, 1.2)
AVERSIONS = ("0", "0.2", "0.5", "1", "2", "5")


def draw(rng: np.random.Generator) -> Drawn:
    """An economy on a random tree."""
    goods = ["a", "b"][: int(rng.integers(1, 3))]
    middle = [f"m{place}" for place in range(int(rng.integers(1, 4)))]
    after = {node: [f"{node}_{k}" for k in range(int(rng.integers(1, 3)))] for node in middle}
    last = [node for nodes in after.values() for node in nodes]
    tree: list[dict[str, object]] = [{"name": "0"}]
    tree += [{"name": node, "after": "0", "keeps": _keeps(rng, goods)} for node in middle]
    tree += [
        {"name": node, "after": before, "keeps": _keeps(rng, goods)}
        for before, nodes in after.items()
        for node in nodes
    ]
    contracts = [_of_date_0(rng, k, goods, middle, last) for k in range(int(rng.integers(0, 3)))]
    contracts += [
        _of_date_1(rng, node, goods, after[node]) for node in middle if rng.random() < 0.5
    ]
    places = ["0", *middle, *last]
    count = int(rng.integers(6, 31)) if rng.random() < 0.25 else int(rng.integers(2, 6))
    linear = bool(rng.random() < 0.25)
    households = [_household(rng, h, goods, places, linear) for h in range(count)]
    for place in places:
        for good in goods:
            if all(home["weights"][place][good] == "0" for home in households):
                households[0]["weights"][place][good] = "0.5"
    return Drawn(
        "credit-tree",
        {
            "goods": goods,
            "nodes": tree,
            "contracts": contracts,
            "households": households,
            "start": str(rng.choice(["primitives", "random"])),
        },
    )


def _text(number: float) -> str:
    return f"{number:.4f}"


def _power(rng: np.random.Generator, low: float, high: float) -> str:
    """Ten to a power that is evenly drawn."""
    return _text(10.0 ** float(rng.uniform(low, high)))


def _keeps(rng: np.random.Generator, goods: list[str]) -> object:
    if len(goods) == 2 and rng.random() < 0.25:
        return [[_text(share) for share in row] for row in rng.uniform(0.0, 0.9, (2, 2))]
    return {good: str(rng.choice(SHARES)) for good in goods}


def _bundle(rng: np.random.Generator, goods: list[str], low: float, high: float) -> dict[str, str]:
    """Amounts, each of them zero in one of four."""
    return {
        good: "0" if rng.random() < 0.25 else _text(float(rng.uniform(low, high))) for good in goods
    }


def _collateral(rng: np.random.Generator, goods: list[str]) -> dict[str, str]:
    collateral = {good: "0" if rng.random() < 0.25 else _power(rng, -1.0, 0.7) for good in goods}
    if all(amount == "0" for amount in collateral.values()):
        collateral[goods[-1]] = _power(rng, -1.0, 0.7)
    return collateral


def _at_a_rate(rng: np.random.Generator, goods: list[str]) -> dict[str, object]:
    rate = _text(float(rng.uniform(0.001, 0.6)))
    if rng.random() < 0.5:
        return {"kind": "nominal", "rate": rate}
    index = {good: _text(float(rng.uniform(0.1, 1.0))) for good in goods}
    return {"kind": "fixed rate", "rate": rate, "index": index}


def _of_date_0(
    rng: np.random.Generator, number: int, goods: list[str], middle: list[str], last: list[str]
) -> dict[str, object]:
    """A contract of date 0 with any kinds of coupon and prepayment that go together."""
    rule: dict[str, Any]
    forward: dict[str, Any] = {
        "kind": "forward",
        "discount": {node: _text(float(rng.uniform(0.2, 1.0))) for node in last},
        "of": str(rng.choice(["coupons", "deliveries"])),
    }
    if rng.random() < 0.5:
        pays = {node: _bundle(rng, goods, 0.0, 0.6) for node in [*middle, *last]}
        coupon: dict[str, object] = {"kind": "real", "pays": pays}
        more = {node: _bundle(rng, goods, 0.0, 0.5) for node in middle}
        costs = {
            node: {good: _text(float(pays[node][good]) + float(more[node][good])) for good in goods}
            for node in middle
        }
        rule = {"kind": "real", "costs": costs} if rng.random() < 0.5 else forward
    else:
        coupon = _at_a_rate(rng, goods)
        rule = {"kind": "backward"} if rng.random() < 0.5 else forward
    return {
        "name": f"k{number}",
        "issued_at": "0",
        "collateral": _collateral(rng, goods),
        "coupon": coupon,
        "prepayment": rule,
    }


def _of_date_1(
    rng: np.random.Generator, node: str, goods: list[str], after: list[str]
) -> dict[str, object]:
    real = {"kind": "real", "pays": {last: _bundle(rng, goods, 0.0, 0.6) for last in after}}
    return {
        "name": f"j{node}",
        "issued_at": node,
        "collateral": _collateral(rng, goods),
        "coupon": real if rng.random() < 0.6 else _at_a_rate(rng, goods),
    }


def _household(
    rng: np.random.Generator, number: int, goods: list[str], places: list[str], linear: bool
) -> dict[str, Any]:
    poor = rng.random((len(places), len(goods))) < 0.125
    idle = rng.random((len(places), len(goods))) < 1.0 / 12.0
    idle[0, 0] = False
    return {
        "name": f"h{number}",
        "endowment": {
            place: {
                good: NOTHING if poor[n, g] else _power(rng, -0.5, 0.5)
                for g, good in enumerate(goods)
            }
            for n, place in enumerate(places)
        },
        "weights": {
            place: {
                good: "0" if idle[n, g] else _power(rng, -1.5, 0.5) for g, good in enumerate(goods)
            }
            for n, place in enumerate(places)
        },
        "risk_aversion": "0" if linear else str(rng.choice(AVERSIONS)),
    }


# ---------------------------------------------------------------------- recomputation
def gaps(parameters: CreditTree, results: Run[CreditTree]) -> Mapping[str, float]:
    """How far the run's tables miss each condition of an equilibrium, as shares; 0 is exact.

    Written once more from the entries of the file and the exported tables alone, in floating point.
    A household's optimality is that of its first-order conditions: multipliers of its budgets and
    debts are sought by non-negative least squares (Lawson and Hanson), where the certificate solves
    a linear program. ``optimality`` is the largest return per unit of money that a household
    forgoes, times the share of wealth that it could move where that is what it holds.
    """
    point = Accounts(parameters, dict(results.quotes(0)))
    columns = [results.agents[name] for name in ("household", "part", "node", "instrument")]
    plans: dict[str, dict[Part, float]] = {}
    for home, part, node, name, amount in zip(*columns, results.agents["amount"], strict=True):
        plans.setdefault(str(home), {})[str(part), str(node), str(name)] = float(amount)
    total = {key: sum(plan[key] for plan in plans.values()) for key in point.parts}
    wealth = sum(float(np.sum(point.income(home))) for home in parameters.households)
    missed = {
        "plans": max(0.0, *(-min(plan.values()) for plan in plans.values())) / wealth,
        "clearing": point.unsold(total) / wealth,
        "unit payments": point.undelivered(total) / wealth,
        "budgets": 0.0,
        "optimality": 0.0,
    }
    for home in parameters.households:
        plan = np.array([plans[str(home["name"])][key] for key in point.parts])
        own = point.income(home)
        missed["budgets"] = max(missed["budgets"], float(np.max(np.abs(point.spent @ plan - own))))
        missed["optimality"] = max(missed["optimality"], point.forgone(home, plan, own))
    missed["budgets"] /= wealth
    return missed


Part = tuple[str, str, str]
"""Part of a plan, node, and good or contract, as in the table of agents."""


class Accounts:
    """What every part of a plan costs and consumes at some quotes."""

    def __init__(self, parameters: CreditTree, quotes: Mapping[str, float]) -> None:
        self.goods, self.quotes = parameters.goods, quotes
        nodes: list[Any] = list(parameters.nodes)
        self.after: dict[str, Any] = {str(n["name"]): n.get("after") for n in nodes}
        self.nodes = list(self.after)
        self.keeps = {str(n["name"]): self._matrix(n.get("keeps", 1)) for n in parameters.nodes}
        self.contracts = {str(c["name"]): c for c in parameters.contracts}
        self.homes: list[Any] = list(parameters.households)
        prices = [[quotes.get(f"price[{g}@{n}]", 1.0) for g in self.goods] for n in self.nodes]
        self.price = dict(zip(self.nodes, np.array(prices), strict=True))
        middle = [n for n in self.nodes if self.after[n] == self.nodes[0]]
        self.middle, self.last = middle, [n for n in self.nodes if self.after[n] in middle]
        self.first = [j for j, c in self.contracts.items() if c["issued_at"] == self.nodes[0]]
        self.parts: list[Part] = [("consumed freely", n, g) for n in self.nodes for g in self.goods]
        for j, contract in self.contracts.items():
            issue = str(contract["issued_at"])
            self.parts += [("lent", issue, j), ("borrowed", issue, j)]
        old = ("held after resale", "kept", "prepaid", "defaulted")
        self.parts += [(part, n, j) for j in self.first for n in middle for part in old]
        self.spent = np.array([self._row(part) for part in self.parts]).T
        self.eaten = np.array([self._eaten(part) for part in self.parts]).T

    # ------------------------------------------------------------------ contracts
    def _bundle(self, given: Any) -> FloatArray:
        table = given if isinstance(given, Mapping) else {self.goods[0]: given}
        return np.array([float(Fraction(str(table.get(good, 0)))) for good in self.goods])

    def _matrix(self, given: Any) -> FloatArray:
        if isinstance(given, list):
            return np.array([[float(Fraction(str(each))) for each in row] for row in given])
        if isinstance(given, Mapping):
            return np.diag(self._bundle(given))
        return np.eye(len(self.goods)) * float(Fraction(str(given)))

    def collateral(self, j: str, node: str) -> FloatArray:
        """What is left of the collateral of a unit, if it is alive at the node."""
        if node == self.contracts[j]["issued_at"]:
            return self._bundle(self.contracts[j]["collateral"])
        return self.keeps[node] @ self.collateral(j, str(self.after[node]))

    def worth(self, j: str, node: str) -> float:
        """Value of the collateral at a node."""
        return float(self.price[node] @ self.collateral(j, node))

    def coupon(self, j: str, node: str) -> float:
        """A."""
        contract: Any = self.contracts[j]
        rule, issue = contract["coupon"], contract["issued_at"]
        if rule["kind"] == "real":
            return float(self.price[node] @ self._bundle(rule["pays"].get(node, dict[str, int]())))
        rate = float(Fraction(str(rule["rate"])))
        payments = 1.0 / (1.0 + rate)
        if issue == self.nodes[0]:
            payments += 1.0 / (1.0 + rate) ** 2
        return self.quotes[f"price[{j}@{issue}]"] / payments * self._inflation(rule, issue, node)

    def _inflation(self, rule: Any, issue: str, node: str) -> float:
        if "index" not in rule:
            return 1.0
        index = self._bundle(rule["index"])
        return float(self.price[node] @ index / (self.price[issue] @ index))

    def delivery(self, j: str, node: str) -> float:
        """R."""
        return min(self.coupon(j, node), self.worth(j, node))

    def prepayment(self, j: str, node: str) -> float:
        """B."""
        contract: Any = self.contracts[j]
        rule, coupon = contract["prepayment"], contract["coupon"]
        if rule["kind"] == "real":
            return float(self.price[node] @ self._bundle(rule["costs"][node]))
        if rule["kind"] == "backward":
            rate, issue = float(Fraction(str(coupon["rate"]))), contract["issued_at"]
            price = self.quotes[f"price[{j}@{issue}]"]
            return (1.0 + rate) * price * self._inflation(coupon, issue, node)
        owed = self.delivery if rule.get("of") == "deliveries" else self.coupon
        later = [n for n in self.last if self.after[n] == node]
        ahead = sum(float(Fraction(str(rule["discount"][n]))) * owed(j, n) for n in later)
        return self.coupon(j, node) + ahead

    # ------------------------------------------------------------------ plans
    def _eaten(self, part: Part) -> FloatArray:
        """Goods that a unit of a part consumes at every node, flat."""
        kind, node, name = part
        eaten = np.zeros((len(self.nodes), len(self.goods)))
        if kind == "consumed freely":
            eaten[self.nodes.index(node), self.goods.index(name)] = 1.0
        elif kind in ("borrowed", "kept"):
            eaten[self.nodes.index(node)] = self.collateral(name, node)
        return eaten.ravel()

    def _row(self, part: Part) -> FloatArray:
        """What a unit of a part costs at every node, and how it splits old debt."""
        kind, node, name = part
        eaten = self._eaten(part).reshape(len(self.nodes), -1)
        cost: dict[str, float] = {}
        for place, here in enumerate(self.nodes):
            before = self.after[here]
            left = (
                0.0 if before is None else self.keeps[here] @ eaten[self.nodes.index(str(before))]
            )
            cost[here] = float(self.price[here] @ (eaten[place] - left))
        split = {(j, m): 0.0 for j in self.first for m in self.middle}
        paid = {n: self.quotes.get(f"unit_payment[{name}@{n}]", 0.0) for n in self.nodes}
        resale = {n: self.quotes.get(f"resale[{name}@{n}]", 0.0) for n in self.nodes}
        later = [n for n in self.nodes if self.after[n] == node]
        if kind in ("lent", "borrowed"):
            price = self.quotes[f"price[{name}@{node}]"]
            cost[node] += price if kind == "lent" else -price
            for n in later:
                if kind == "lent":
                    cost[n] -= paid[n] + resale[n]
                elif name in self.first:
                    split[name, n] -= 1.0
                else:
                    cost[n] += self.delivery(name, n)
        elif kind == "held after resale":
            cost[node] += resale[node]
            for n in later:
                cost[n] -= paid[n]
        elif kind == "kept":
            cost[node] += self.coupon(name, node)
            for n in later:
                cost[n] += self.delivery(name, n)
        elif kind == "prepaid":
            cost[node] += self.prepayment(name, node)
        elif kind == "defaulted":
            cost[node] += self.worth(name, node)
        if kind in ("kept", "prepaid", "defaulted"):
            split[name, node] += 1.0
        return np.array([*cost.values(), *split.values()])

    def income(self, home: Any) -> FloatArray:
        """Value of endowments at every node, and zeros for old debts."""
        own = [float(self.price[n] @ self._bundle(home["endowment"].get(n, 0))) for n in self.nodes]
        return np.array(own + [0.0] * (len(self.first) * len(self.middle)))

    def unsold(self, total: Mapping[Part, float]) -> float:
        """Largest value of an excess demand for a good or a security."""
        held = self.eaten @ np.array([total[part] for part in self.parts])
        eaten = dict(zip(self.nodes, held.reshape(len(self.nodes), -1), strict=True))
        worst = 0.0
        for node, amounts in eaten.items():
            own = [self._bundle(home["endowment"].get(node, 0)) for home in self.homes]
            supply = np.sum(own, axis=0)
            if self.after[node] is not None:
                supply = supply + self.keeps[node] @ eaten[str(self.after[node])]
            worst = max(worst, float(np.max(np.abs(self.price[node] * (amounts - supply)))))
        for j, contract in self.contracts.items():
            issue = str(contract["issued_at"])
            lent, size = total["lent", issue, j], self.worth(j, issue)
            worst = max(worst, size * abs(lent - total["borrowed", issue, j]))
            if j in self.first:
                held_at = [total["held after resale", node, j] for node in self.middle]
                worst = max(worst, *(size * abs(held - lent) for held in held_at))
        return worst

    def undelivered(self, total: Mapping[Part, float]) -> float:
        """Largest difference between what a pool passes on and what is delivered to it."""
        worst = 0.0
        for j in self.first:
            lent = total["lent", self.nodes[0], j]
            for node in self.middle:
                kept = total["kept", node, j]
                due = (
                    self.coupon(j, node) * kept + self.worth(j, node) * total["defaulted", node, j]
                )
                due += self.prepayment(j, node) * total["prepaid", node, j]
                worst = max(worst, abs(self.quotes[f"unit_payment[{j}@{node}]"] * lent - due))
                for n in (n for n in self.last if self.after[n] == node):
                    paid = self.quotes[f"unit_payment[{j}@{n}]"] * lent
                    worst = max(worst, abs(paid - self.delivery(j, n) * kept))
        return worst

    def forgone(self, home: Any, plan: FloatArray, own: FloatArray) -> float:
        """Largest return per unit of money that a household forgoes, see :func:`gaps`."""
        from scipy.optimize import nnls

        weights = np.concatenate([self._bundle(home["weights"].get(n, 0)) for n in self.nodes])
        aversion = float(Fraction(str(home.get("risk_aversion", 0))))
        eaten = self.eaten @ plan
        liked = np.where(weights > 0.0, np.maximum(eaten, 1e-300), 1.0)
        marginal = weights * liked**-aversion
        prices = np.concatenate([self.price[n] for n in self.nodes])
        per_money = (marginal / prices).reshape(len(self.nodes), -1).max(axis=1)
        per_money = np.maximum(per_money, np.min(per_money[per_money > 0.0]))
        place = np.array([self.nodes.index(node) for _, node, _ in self.parts])
        size = np.array(
            [
                self.price[node][self.goods.index(name)]
                if name in self.goods
                else self.worth(name, str(self.contracts[name]["issued_at"]))
                for _, node, name in self.parts
            ]
        )
        scale = per_money[place] * size
        held = np.minimum(1.0, plan * size / float(np.max(own)))
        count = len(self.nodes)
        middle = [self.nodes.index(m) for _ in self.first for m in self.middle]
        row_scale = np.concatenate([per_money, per_money[middle]])
        costs = (self.spent * row_scale[:, None] / scale).T
        wanted = self.eaten.T @ marginal / scale
        slack = np.eye(len(self.parts))[:, held < HELD]
        columns = [costs[:, :count], costs[:, count:], -costs[:, count:], -slack]
        found, _ = nnls(np.hstack(columns), wanted, maxiter=10_000)
        splits = costs.shape[1] - count
        prices_found = found[: count + 2 * splits]
        multipliers = np.concatenate(
            [
                prices_found[:count],
                prices_found[count : count + splits] - prices_found[count + splits :],
            ]
        )
        more = wanted - costs @ multipliers
        return float(np.max(np.where(more > 0.0, more, -more * held)))
