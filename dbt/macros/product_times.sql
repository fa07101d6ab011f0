{#
    The versions of products, each with the time for which it counts, from `counts_from` (null: since ever) to `counts_to`
    (null: until now). A product's first version also counts before it, for a product has no beginning.
#}
{% macro product_times(products) -%}
    select
        product_id,
        category,
        unit_cost,
        case when valid_from > min(valid_from) over (partition by product_id) then valid_from end as counts_from,
        valid_to as counts_to
    from {{ products }}
{%- endmacro %}
