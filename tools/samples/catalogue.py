"""The product catalogue: forty products, their versions, and the cases that its history must get right."""

from __future__ import annotations

from datetime import datetime, timedelta

from tools.samples.files import Row, euro, local, random_for, scattered, utc

COLUMNS = ("product_id", "name", "category", "list_price", "unit_cost", "is_active", "updated_at")
OFFICE = "S001"  # the catalogue is kept in Hamburg, on its clock

# name, category, list price and unit cost in cents; P0001 onwards
PRODUCTS = (
    ("Espresso beans, 1 kg", "Groceries", 1899, 1020),
    ("Green tea “Sencha”", "Groceries", 790, 310),
    ("Olive oil, extra virgin, 0.75 l", "Groceries", 1290, 745),
    ("Crème brûlée kit", "Groceries", 1490, 680),
    ("Smørrebrød rye bread", "Groceries", 429, 185),
    ("Dark chocolate 85 %", "Groceries", 349, 142),
    ("Cast-iron pan, 28 cm", "Kitchen", 5990, 2875),
    ("Chef's knife", "Kitchen", 7900, 3420),
    ("Cutting board, oak", "Kitchen", 3450, 1390),
    ("Glass jar 1 l, set of 6", "Kitchen", 2295, 980),
    ("Moka pot", "Kitchen", 3299, 1510),
    ("Kettle 1.7 l", "Kitchen", 4999, 2650),
    ('Television 32" HD', "Electronics", 21900, 16480),
    ('Monitor 27", 4K, "Studio"', "Electronics", 34900, 25990),
    ("Headphones", "Electronics", 8990, 4120),
    ("USB-C cable 2 m", "Electronics", 1299, 240),
    ("Power bank 20,000 mAh", "Electronics", 3990, 1875),
    ("Film camera", "Electronics", 12900, 9100),
    ("Garden set\n(table, 2 chairs)", "Garden", 24900, 13200),
    ("Watering can", "Garden", 1795, 620),
    ("Tulip bulbs, 50", "Garden", 1490, 555),
    ("Pruning shears", "Garden", 2650, 1140),
    ("Bird feeder", "Garden", 1999, 835),
    ("Rain barrel 200 l", "Garden", 6490, 3310),
    ("Wool blanket", "Home", 6900, 3050),
    ("Linen sheets, 140 × 200", "Home", 8450, 3960),
    ("Beeswax candle", "Home", 990, 360),
    ("Wall clock", "Home", 3990, 1620),
    ("Picture frame, A4", "Home", 1290, 410),
    ("Desk lamp", "Home", 4590, 2080),
    ("Rain jacket", "Clothing", 8990, 4270),
    ("Merino socks, 3 pairs", "Clothing", 2990, 1215),
    ("Straw hat", "Clothing", 2490, 905),
    ("Leather gloves", "Clothing", 4990, 2330),
    ("Cotton scarf", "Clothing", 1990, 720),
    ("Wooden train", "Toys", 3490, 1480),
    ("Puzzle, 1,000 pieces", "Toys", 1690, 640),
    ("Building blocks", "Toys", 2990, 1310),
    ("Kite", "Toys", 2190, 930),
    ("Plush bear “Björn”", "Toys", 1890, 715),
)
# Products of which the random second versions stay away: the planted cases below are about them.
PLANTED = ("P0007", "P0012", "P0015", "P0018", "P0020", "P0033")


def version(
    product_id: str,
    at: datetime,
    *,
    price: int | None = None,
    cost: int | None = None,
    active: str = "true",
    name: str | None = None,
) -> Row:
    """Return one version of a product; what is not given is as in the list above."""
    number = int(product_id[1:])
    base = PRODUCTS[number - 1] if number <= len(PRODUCTS) else ("Gift card", "Home", 2500, 2500)
    return {
        "product_id": product_id,
        "name": base[0] if name is None else name,
        "category": base[1],
        "list_price": euro(base[2] if price is None else price),
        "unit_cost": euro(base[3] if cost is None else cost),
        "is_active": active,
        "updated_at": local(at, OFFICE),
    }


def list_price(product_id: str) -> int:
    """Return the price in cents at which the stores sell the product; unknown products cost 25 euro."""
    number = int(product_id[1:])
    return PRODUCTS[number - 1][2] if number <= len(PRODUCTS) else 2500


def first_delivery() -> list[Row]:
    """Return a first version of every product, a second one of some, and the planted cases."""
    rng = random_for("products")
    ids = [f"P{number:04d}" for number in range(1, len(PRODUCTS) + 1)]
    begins = {"P0007": utc("10-08 22:00"), "P0015": utc("10-12 06:00")}
    rows = []
    for product_id in ids:
        begin = utc("08-03 06:00") + timedelta(days=rng.randrange(50), minutes=rng.randrange(600))
        rows.append(version(product_id, begins.get(product_id, begin)))
    ordinary = [product_id for product_id in ids if product_id not in PLANTED]
    for product_id in rng.sample(ordinary, 14):
        base = PRODUCTS[int(product_id[1:]) - 1]
        change = rng.choice((94, 97, 104, 108))
        at = utc("10-06 04:00") + timedelta(days=rng.randrange(11), minutes=rng.randrange(900))
        rows.append(version(product_id, at, price=base[2] * change // 100, cost=base[3] * change // 100))
    return scattered(rng, rows, planted_versions())


def planted_versions() -> list[Row]:
    """Return the versions that stand for one case each in the first delivery."""
    twice = version("P0018", utc("10-09 08:15"), active="FALSE")
    return [
        version("P0012", utc("10-14 06:00"), price=5299, cost=2810),
        version("P0020", utc("10-10 07:30")),
        twice,
        dict(twice),
        version("P0033", utc("10-11 09:00"), price=-2490),
        version("P0041", utc("10-02 09:00"), name=""),
    ]


def second_delivery() -> list[Row]:
    """Return price changes, late versions, repeats and a product that was unknown so far."""
    return [
        version("P0003", utc("10-19 22:00"), price=1390, cost=810),
        version("P0016", utc("10-20 06:00"), price=1199),
        version("P0025", utc("10-20 06:00"), price=7200, cost=3240),
        version("P0012", utc("10-08 06:00"), price=4999, cost=2490),
        version("P0015", utc("09-20 06:00"), price=8990, cost=3890),
        version("P0012", utc("10-14 06:00"), price=5299, cost=2810),
        version("P0007", utc("10-08 22:00")),
        version("P0902", utc("10-12 06:00"), name="Advent calendar, 24 teas", price=2500, cost=1175),
        version("P0020", utc("10-21 06:00"), cost=655),
        version("P0030", utc("10-21 06:00"), cost=-2080),
        version("P0018", utc("10-26 07:00"), active="true"),
    ]
