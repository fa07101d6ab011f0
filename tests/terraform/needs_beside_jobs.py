"""What Airflow and the analysts need and no recording has: MWAA, Athena and its console act in their names."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.contracts.plan import plan_jobs
from tests.terraform.places import CONTRACTS, GLUE, HERE, OPEN_TABLES, TABLES_OF_VIEWS, Places, each
from tools.policy.calls import ACCOUNT, REGION
from tools.policy.iam import Call

# What Athena asks for beside reading and writing a result: https://docs.aws.amazon.com/athena/latest/ug/querying.html
UPLOAD = "s3:AbortMultipartUpload s3:GetObject s3:ListMultipartUploadParts s3:PutObject"


def of_airflow(at: Places) -> Iterator[tuple[str, Call]]:
    """What DAGs and MWAA do."""
    for call in (*_of_dags(at), *_of_mwaa(at)):
        yield "airflow", call


def _of_dags(at: Places) -> Iterator[Call]:
    # Four DAGs were recorded, the others are alike.
    # A task that is killed stops its run, and who starts a job passes its role.
    jobs = [job.dag_id for job in plan_jobs(CONTRACTS, ())]
    crawlers = [f"landing_{domain}" for domain in CONTRACTS.domains]
    starting = "glue:BatchStopJobRun glue:GetJob glue:GetJobRun glue:GetJobRuns glue:StartJobRun"
    yield from each(starting, *(f"{GLUE}:job/{name}" for name in jobs))
    yield from each("glue:GetCrawler glue:StartCrawler", *(f"{GLUE}:crawler/{name}" for name in crawlers))
    roles = (f"arn:aws:iam::{ACCOUNT}:role/{at.name}-{name}" for name in (*jobs, *crawlers))
    yield from each("iam:PassRole", *roles, iam_PassedToService="glue.amazonaws.com")
    # The backend of secrets; the tests give Variables by the environment.
    for kind in ("connections", "variables"):
        yield Call.of("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/{at.name}/airflow/{kind}/name")
    yield Call.of("sns:Publish", at.topic)  # where a Variable names it; no test has one
    # Athena looks into catalogue and logs of the tables, and writes its results, in the name of its caller.
    yield from each("athena:GetQueryResults athena:StopQueryExecution", at.workgroup("airflow"))
    for database, table in (*TABLES_OF_VIEWS, ("analytics", "any"), ("default", "")):
        place = (f"{GLUE}:catalog", f"{GLUE}:database/{database}", f"{GLUE}:table/{database}/{table}")
        yield from each("glue:GetDatabase", *place[:2])
        yield from each("glue:GetTable", *place if table else ())
    for database, table in TABLES_OF_VIEWS:
        log = f"curated/{database}/{table}/_delta_log"
        yield Call.of("s3:GetObject", at.object("curated", f"{log}/<file>"))
        yield at.listing("curated", f"{log}/")
    # A page goes with what it was about; nothing was dropped while the DAGs were recorded.
    yield Call.of("s3:DeleteObject", at.object("curated", "docs/site/<file>"))
    for place in ("docs/dbt", "curated/athena_results/airflow"):
        yield from each(UPLOAD, at.object("curated", f"{place}/<file>"))
        yield at.listing("curated", f"{place}/")
    yield from each("s3:GetBucketLocation s3:ListBucketMultipartUploads", at.object("curated"))


def _of_mwaa(at: Places) -> Iterator[Call]:
    """https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-create-role.html."""
    for place in ("dags", "mwaa"):
        yield from each("s3:GetObject s3:GetObjectVersion", at.object("artefacts", f"{place}/<file>"))
    bucket = (
        "s3:GetBucketLocation s3:GetBucketPublicAccessBlock s3:GetBucketVersioning s3:GetEncryptionConfiguration "
        "s3:ListBucket s3:ListBucketVersions"
    )
    yield from each(bucket, at.object("artefacts"))
    yield Call.of("airflow:PublishMetrics", f"arn:aws:airflow:{HERE}:environment/{at.name}")
    logs = (
        "logs:CreateLogGroup logs:CreateLogStream logs:GetLogEvents logs:GetLogGroupFields logs:GetLogRecord "
        "logs:GetQueryResults logs:PutLogEvents"
    )
    yield from each(logs, at.log_group(f"airflow-{at.name}-Task"))
    yield from each("logs:DescribeLogGroups s3:GetAccountPublicAccessBlock", "*")
    yield Call.of("cloudwatch:PutMetricData", "*", cloudwatch_namespace="AmazonMWAA")
    queue = (
        "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage "
        "sqs:SendMessage"
    )
    yield from each(queue, f"arn:aws:sqs:{REGION}:999999999999:airflow-celery-1")
    yield from each("kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey", at.key)


def of_analysts(at: Places) -> Iterator[Call]:
    """People ask Athena, in its console too: https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html."""
    query = (
        "athena:BatchGetQueryExecution athena:GetQueryExecution athena:GetQueryResults athena:GetQueryResultsStream "
        "athena:GetWorkGroup athena:ListQueryExecutions athena:StartQueryExecution athena:StopQueryExecution"
    )
    yield from each(query, at.workgroup("analysts"))
    yield Call.of("athena:ListWorkGroups", "*")
    browse = (
        "athena:GetDatabase athena:GetDataCatalog athena:GetTableMetadata athena:ListDatabases athena:ListTableMetadata"
    )
    yield from each(browse, f"arn:aws:athena:{HERE}:datacatalog/AwsDataCatalog")
    readable = [(layer, table) for layer, table in TABLES_OF_VIEWS if layer != "silver" or table in OPEN_TABLES]
    for database, table in (("analytics", "any"), *readable):
        place = (f"{GLUE}:catalog", f"{GLUE}:database/{database}", f"{GLUE}:table/{database}/{table}")
        yield from each("glue:GetDatabase glue:GetDatabases glue:GetTable glue:GetTables", *place)
    # Athena looks for the database default first, whatever database a query names.
    yield Call.of("glue:GetDatabase", f"{GLUE}:database/default")
    for place in (*(f"{layer}/{table}" for layer, table in readable), "athena_results/analysts"):
        yield Call.of("s3:GetObject", at.object("curated", f"curated/{place}/<file>"))
        yield at.listing("curated", f"curated/{place}/")
    yield from each(UPLOAD, at.object("curated", "curated/athena_results/analysts/<file>"))
    yield from each("s3:GetBucketLocation s3:ListBucketMultipartUploads", at.object("curated"))
