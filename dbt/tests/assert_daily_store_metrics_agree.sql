-- Fails for every row of the fact that breaks its grain or whose columns contradict each other. One query on purpose:
-- as separate tests, each rule would be a Spark query of its own. A null makes its rule fail as well.
with

daily_store_metrics as (
    select * from {{ get_where_subquery(ref('fct_daily_store_metrics')) }}
),

checked as (
    select
        dt,
        store_id,
        count(*) over (partition by dt, store_id) = 1 as has_own_row,
        month = date_format(dt, 'yyyy-MM') as is_in_its_month,
        net_revenue = gross_revenue - discounts - returns as has_right_revenue,
        gross_margin = net_revenue - cost_of_goods as has_right_margin,
        (average_order_value is null) = (orders = 0) as has_right_order_value,
        (conversion_rate is null) = (sessions = 0) and coalesce(conversion_rate, 0) between 0 and 1
            as has_right_conversion,
        least(discounts, returns, net_revenue, cost_of_goods) >= 0 as has_no_negative_amount,
        lines_without_cost between 0 and units and (orders > 0 or units = 0 and gross_revenue = 0 and customers = 0)
            as has_right_lines,
        leads_converted between 0 and leads_created as has_right_leads,
        page_views + add_to_carts + checkouts + purchases >= sessions as has_right_events
    from daily_store_metrics
)

select *
from checked
where not coalesce(
    store_id is not null
    and has_own_row
    and is_in_its_month
    and has_right_revenue
    and has_right_margin
    and has_right_order_value
    and has_right_conversion
    and has_no_negative_amount
    and has_right_lines
    and has_right_leads
    and has_right_events,
    false
)
