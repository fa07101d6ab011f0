with

events as (
    select
        event_id,
        session_id,
        store_id,
        customer_id,
        event_type,
        product_id,
        url,
        cast(occurred_at as timestamp) as occurred_at,
        cast(received_at as timestamp) as received_at,
        device.type as device_type,
        device.os as device_os,
        cast(dt as date) as dt
    from {{ source('silver_web', 'web_events') }}
)

select * from events
