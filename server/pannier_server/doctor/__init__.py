"""``pannier doctor``: what keeps a sidecar with these settings from serving, and the fix.

Each file looks at one area and changes nothing. A rule is asked of the code that keeps it,
so that the sidecar and the doctor cannot disagree.
"""

from pannier_server.doctor.areas import areas_of
from pannier_server.doctor.check import Area, Check, Outcome, Status
from pannier_server.doctor.examination import Result, examine

__all__ = ["Area", "Check", "Outcome", "Result", "Status", "areas_of", "examine"]
