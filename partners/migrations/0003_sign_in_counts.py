from django.db import migrations

# What the database cache of Django asks for (`createcachetable`). Unlogged: it holds counts of failed sign-ins over some
# minutes, which a crash may lose.
CREATE = """
CREATE UNLOGGED TABLE franceservices_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX franceservices_cache_expires ON franceservices_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_desk_day")]
    operations = [migrations.RunSQL(CREATE, "DROP TABLE franceservices_cache")]
