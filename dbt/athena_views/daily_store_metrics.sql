-- description: Revenue, margin, leads and visits of every store and day, under names an analyst reads.
-- column day date: UTC date; a question about days opens only the files of those days.
-- column store varchar: Store, S and three digits.
-- column orders bigint: Orders with at least one line that is not cancelled.
-- column units bigint: Units sold, of lines neither cancelled nor returned.
-- column gross_revenue decimal(18,2): Quantity × price of lines that are not cancelled, in euro.
-- column discounts decimal(18,2): Discounts on those lines, in euro.
-- column returns decimal(18,2): Value of returned lines, on the day of their order, in euro.
-- column net_revenue decimal(18,2): Revenue after discounts and returns, in euro.
-- column cost_of_goods decimal(18,2): Cost of the units sold at the cost of their day, in euro.
-- column gross_margin decimal(18,2): Net revenue less cost of goods, in euro.
-- column customers bigint: Distinct customers that are known.
-- column average_order_value decimal(18,6): Net revenue by order; null without orders.
-- column leads_created bigint: Leads created on the day.
-- column leads_converted bigint: Of those, the ones converted by now.
-- column sessions bigint: Visits to the store's web shop.
-- column purchases bigint: Purchases in the web shop.
-- column conversion_rate decimal(18,6): Share of the visits that ended in a purchase; null without visits.
select
    dt as day,
    store_id as store,
    orders,
    units,
    gross_revenue,
    discounts,
    returns,
    net_revenue,
    cost_of_goods,
    gross_margin,
    customers,
    average_order_value,
    leads_created,
    leads_converted,
    sessions,
    purchases,
    conversion_rate
from marts.fct_daily_store_metrics
