-- description: Sales and margin of each category per week, by the category of the product when it was ordered.
-- column week date: Monday of the week, UTC.
-- column category varchar: Category of the product when the order was placed; unknown if the product is unknown.
-- column orders bigint: Orders with at least one line of the category that is not cancelled.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column net_revenue decimal(18,2): Quantity × price minus discount of the units sold, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold, at the unit cost valid when the order was placed, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro.
select
    week,
    category,
    orders,
    units,
    net_revenue,
    cost_of_goods,
    gross_margin
from marts.fct_weekly_category_metrics
