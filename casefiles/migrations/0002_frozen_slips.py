from django.db import migrations

# A line repeats facts of its slip and of its file; these keys make them agree. Checked at once, not at the end of the
# transaction, so that the service can say what is wrong. A file without the applicant's agreement has no such key.
KEYS = """
ALTER TABLE casefiles_slipline
ADD CONSTRAINT slip_line_sent_with_agreement
FOREIGN KEY (file_id, site_id, partner_id, agreed_on)
REFERENCES casefiles_casefile (id, site_id, partner_id, agreed_on);
ALTER TABLE casefiles_slipline
ADD CONSTRAINT slip_line_is_its_slip_s
FOREIGN KEY (slip_id, site_id, partner_id, sent_on)
REFERENCES casefiles_transmissionslip (id, site_id, partner_id, sent_on);
"""
NO_KEYS = """
ALTER TABLE casefiles_slipline DROP CONSTRAINT slip_line_sent_with_agreement;
ALTER TABLE casefiles_slipline DROP CONSTRAINT slip_line_is_its_slip_s;
"""

# What was sent stays as it was sent. On a line, what the caisse answers may be noted and corrected; nothing else.
FROZEN = """
CREATE FUNCTION casefiles_refuse_frozen_slip() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a transmission slip that was sent is neither changed nor deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'slip_is_frozen', TABLE = TG_TABLE_NAME;
END
$$;
CREATE TRIGGER casefiles_slip_not_changed BEFORE UPDATE ON casefiles_transmissionslip
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION casefiles_refuse_frozen_slip();
CREATE TRIGGER casefiles_slip_not_deleted BEFORE DELETE ON casefiles_transmissionslip
FOR EACH ROW EXECUTE FUNCTION casefiles_refuse_frozen_slip();
CREATE TRIGGER casefiles_slip_line_not_changed BEFORE UPDATE ON casefiles_slipline
FOR EACH ROW WHEN (
    (OLD.id, OLD.slip_id, OLD.file_id, OLD.site_id, OLD.partner_id, OLD.position, OLD.sent_on, OLD.agreed_on,
     OLD.acknowledgement_due_on, OLD.content)
    IS DISTINCT FROM
    (NEW.id, NEW.slip_id, NEW.file_id, NEW.site_id, NEW.partner_id, NEW.position, NEW.sent_on, NEW.agreed_on,
     NEW.acknowledgement_due_on, NEW.content)
) EXECUTE FUNCTION casefiles_refuse_frozen_slip();
CREATE TRIGGER casefiles_slip_line_not_deleted BEFORE DELETE ON casefiles_slipline
FOR EACH ROW EXECUTE FUNCTION casefiles_refuse_frozen_slip();
"""
THAWED = """
DROP TRIGGER casefiles_slip_not_changed ON casefiles_transmissionslip;
DROP TRIGGER casefiles_slip_not_deleted ON casefiles_transmissionslip;
DROP TRIGGER casefiles_slip_line_not_changed ON casefiles_slipline;
DROP TRIGGER casefiles_slip_line_not_deleted ON casefiles_slipline;
DROP FUNCTION casefiles_refuse_frozen_slip();
"""

# Only a complete file that was not withdrawn is sent. A slip says of how many files it is, and positions are taken once:
# what somebody may have printed does not grow.
COMPLETE = """
CREATE FUNCTION casefiles_check_new_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM casefiles_casefile WHERE id = NEW.file_id AND withdrawn_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a withdrawn file is not sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slip_line_file_not_withdrawn', TABLE = TG_TABLE_NAME;
    END IF;
    IF EXISTS (
        SELECT FROM casefiles_casedocument WHERE file_id = NEW.file_id AND is_mandatory AND state = 'missing'
    ) THEN
        RAISE EXCEPTION 'an incomplete file is not sent'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'slip_line_file_complete', TABLE = TG_TABLE_NAME;
    END IF;
    IF NEW.position > (SELECT file_count FROM casefiles_transmissionslip WHERE id = NEW.slip_id) THEN
        RAISE EXCEPTION 'a line joins its slip when the slip is made'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'slip_is_frozen', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER casefiles_slip_line_of_complete_file BEFORE INSERT ON casefiles_slipline
FOR EACH ROW EXECUTE FUNCTION casefiles_check_new_line();
"""
UNCHECKED = """
DROP TRIGGER casefiles_slip_line_of_complete_file ON casefiles_slipline;
DROP FUNCTION casefiles_check_new_line();
"""


class Migration(migrations.Migration):
    dependencies = [("casefiles", "0001_initial")]
    operations = [
        migrations.RunSQL(KEYS, NO_KEYS),
        migrations.RunSQL(FROZEN, THAWED),
        migrations.RunSQL(COMPLETE, UNCHECKED),
    ]
