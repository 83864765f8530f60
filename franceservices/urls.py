"""The map of the application; paths are in French, names in English."""

from django.contrib import admin
from django.urls import include, path

from franceservices import health
from partners import views as partners_views
from partners.proconnect.views import SignOutView

urlpatterns = [
    path("", partners_views.home, name="home"),
    path("sante/", health.alive, name="alive"),
    path("sante/pret/", health.ready, name="ready"),
    # First what a desk asks for all day long: each address is compared with those above it.
    path("", include("bookings.urls")),
    path("", include("partners.urls")),
    path("", include("conventions.urls")),
    path("", include("casefiles.urls")),
    path("", include("reports.urls")),
    # One sign-in page for everybody: the admin's own would let people in who have nothing to do there. One way out too.
    path("admin/login/", partners_views.admin_sign_in),
    path("admin/logout/", SignOutView.as_view()),
    path("admin/", admin.site.urls),
]

handler400 = "franceservices.error_pages.bad_request"
handler403 = "franceservices.error_pages.permission_denied"
handler404 = "franceservices.error_pages.page_not_found"
handler500 = "franceservices.error_pages.server_error"
