{#-
  The condition for a row of silver to be seen, as glue_jobs/lakehouse/publish/not_deleted.py has it for other readers.
  A row whose flag is null counts as not deleted.
-#}
{% macro not_deleted(flag) -%}
    not coalesce({{ flag }}, false)
{%- endmacro %}
