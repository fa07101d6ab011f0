-- description: Sales and margin of each product per day.
-- column day date: UTC date; filter by it, so that only the files of those days are read.
-- column product_id varchar: Product sold.
-- column orders bigint: Orders with at least one line of the product that is not cancelled; do not sum over products, who orders two counts in both.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column units_returned bigint: Units of returned lines, on the day of their order.
-- column net_revenue decimal(18,2): Quantity × price minus discount of the units sold, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold, at the unit cost valid when the order was placed, in euro.
-- column gross_margin decimal(18,2): Net revenue minus cost of goods, in euro.
-- column revenue_without_cost decimal(18,2): Net revenue of a product that is unknown, so that it costs 0, in euro.
-- column share_with_cost decimal(18,6): Share of the net revenue that has a cost; null if the net revenue is 0. Below 1 the margin is too high.
-- column units_ordered bigint: Units sold and units returned.
with

costed as (
    select
        dt,
        product_id,
        orders,
        units,
        units_returned,
        net_revenue,
        cost_of_goods,
        gross_margin,
        case when lines_without_cost > 0 then net_revenue else 0 end as revenue_without_cost
    from marts.fct_daily_product_metrics
)

select
    dt as day,
    product_id,
    orders,
    units,
    units_returned,
    net_revenue,
    cost_of_goods,
    gross_margin,
    revenue_without_cost,
    round(
        cast(net_revenue - revenue_without_cost as double) / nullif(cast(net_revenue as double), 0), 6
    ) as share_with_cost,
    units + units_returned as units_ordered
from costed
