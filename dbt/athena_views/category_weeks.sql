-- description: Sales and margin of each category per week, by the category of the product when it was ordered.
-- column week date: Monday of the week, UTC.
-- column category varchar: Category of the product when the order was placed; unknown if the product is unknown.
-- column orders bigint: Orders with at least one line of the category that is not cancelled; do not sum over categories, an order of two counts in both.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column net_revenue decimal(18,2): Quantity × price minus discount of the units sold, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold, at the unit cost valid when the order was placed, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro.
-- column revenue_without_cost decimal(18,2): Net revenue of the category unknown, whose products are unknown, so that it costs 0, in euro.
-- column share_with_cost decimal(18,6): Share of the net revenue that has a cost; null if the net revenue is 0. Below 1 the margin is too high.
with

costed as (
    select
        week,
        category,
        orders,
        units,
        net_revenue,
        cost_of_goods,
        gross_margin,
        case when category = 'unknown' then net_revenue else 0 end as revenue_without_cost
    from marts.fct_weekly_category_metrics
)

select
    week,
    category,
    orders,
    units,
    net_revenue,
    cost_of_goods,
    gross_margin,
    revenue_without_cost,
    round(
        cast(net_revenue - revenue_without_cost as double) / nullif(cast(net_revenue as double), 0), 6
    ) as share_with_cost
from costed
