"""未确认名单: who has not answered an offer, for anybody to read and pass on. Names and nothing else."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from agency import clock
from portal.views.publicity import LINES_A_PAGE, NameSearch
from subsidies.payout.queries import publisher_of, terms_in_force
from subsidies.refunds.queries import unconfirmed_names, unconfirmed_programmes


@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """The programmes whose list stands open today."""
    page = {"programmes": unconfirmed_programmes(clock.today()), "section": "unconfirmed"}
    return render(request, "publicity/unconfirmed_lists.html", page)


@require_safe
def one_list(request: HttpRequest, pk: int) -> HttpResponse:
    """One programme's list, 50 names a page; `name` searches, `page` turns. Absent once it is not published."""
    today = clock.today()
    programme = next((each for each in unconfirmed_programmes(today) if each.pk == pk), None)
    if programme is None:
        raise Http404
    form = NameSearch(request.GET)
    search = form.cleaned_data["name"].strip() if form.is_valid() else ""
    page = {
        "programme": programme,
        "last_day": terms_in_force(programme, today).refund_period[1],
        "office": publisher_of(programme.region),
        "form": form,
        "search": search,
        "page": Paginator(unconfirmed_names(programme, search), LINES_A_PAGE).get_page(request.GET.get("page")),
        "section": "unconfirmed",
    }
    return render(request, "publicity/unconfirmed.html", page)
